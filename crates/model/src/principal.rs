//! Who is calling.

use crate::arn::AccountId;

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The account's root user: may do everything in its account.
    Root {
        /// The account.
        account: AccountId,
    },
    /// A session of a role, with credentials given by STS.
    AssumedRole {
        /// The role's account.
        account: AccountId,
        /// The role's name, without path.
        role_name: Box<str>,
        /// The role's unique id (`AROA…`).
        role_id: Box<str>,
        /// The session's name; for an execution role, the function's name.
        session_name: Box<str>,
    },
    /// An AWS service, as `lambda.amazonaws.com`, acting in an account.
    Service {
        /// The account it acts for.
        account: AccountId,
        /// Its principal name.
        name: Box<str>,
    },
    /// No signature at all.
    Anonymous,
}

impl Principal {
    /// The account the caller belongs to; none for anonymous callers.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Root { account } | Self::AssumedRole { account, .. } | Self::Service { account, .. } => Some(account),
            Self::Anonymous => None,
        }
    }

    /// The caller's ARN as `sts:GetCallerIdentity` prints it.
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::AssumedRole { account, role_name, session_name, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}")
            }
            Self::Service { name, .. } => name.to_string(),
            Self::Anonymous => "*".to_owned(),
        }
    }

    /// The caller's unique id as `sts:GetCallerIdentity` prints it in `UserId`.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::Root { account } => account.to_string(),
            Self::AssumedRole { role_id, session_name, .. } => format!("{role_id}:{session_name}"),
            Self::Service { name, .. } => name.to_string(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}
