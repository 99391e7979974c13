//! AWS Identity and Access Management: roles, managed policies, access keys
