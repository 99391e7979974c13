//! IAM policies: documents, and the one engine that evaluates them.
