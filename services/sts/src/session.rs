//! A session: who its credentials stand for, on which terms, and until when.

use std::sync::Arc;

use jiff::Timestamp;
use lanthorn_model::arn::{AccountId, Malformed, RoleArn};
use lanthorn_model::credentials::Secret;
use lanthorn_model::policy::SessionTerms;
use lanthorn_model::principal::Principal;

/// What a genuine token says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Session {
    /// What its requests are signed with.
    pub secret: Secret,
    /// Whom it stands for.
    pub principal: Principal,
    /// What it was limited to and marked with; goes into every [`lanthorn_model::policy::Request`] of it.
    pub terms: Arc<SessionTerms>,
    /// When it ends. Whoever verifies a request compares this with the time.
    pub expiration: Timestamp,
}

/// The token is none of ours, or not this key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session token is not genuine")]
pub struct InvalidToken;

/// A session's name: 1 to 64 of `[\w+=,.@-]`.
///
/// Source: Smithy shape `roleSessionNameType`. Its least length of 2 binds callers of AssumeRole, not
/// Lambda, whose sessions are named after functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName(Box<str>);

impl std::str::FromStr for SessionName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let legal = |c: u8| c.is_ascii_alphanumeric() || b"_+=,.@-".contains(&c);
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("session name", text))
        }
    }
}

impl SessionName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session to be made: everything its token says.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) of: Identity,
    pub(crate) limits: Limits,
    pub(crate) expiration: Timestamp,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The root user's.
    Root(AccountId),
    /// A role's.
    Role { arn: RoleArn, id: Box<str>, session_name: Box<str> },
}

/// The terms of a session as a token keeps them: policies as text and by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A session policy, as JSON without white space.
    pub(crate) policy: Option<String>,
    /// The ARNs of managed policies that limit it too.
    pub(crate) policy_arns: Vec<String>,
    pub(crate) tags: std::collections::BTreeMap<String, String>,
    pub(crate) transitive_tag_keys: Vec<String>,
    pub(crate) source_identity: Option<String>,
}

impl Identity {
    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Root(account) => account,
            Self::Role { arn, .. } => arn.account(),
        }
    }

    pub(crate) fn principal(&self) -> Principal {
        match self {
            Self::Root(account) => Principal::Root { account: account.clone() },
            Self::Role { arn, id, session_name } => Principal::AssumedRole {
                account: arn.account().clone(),
                role_name: arn.name().into(),
                role_id: id.clone(),
                session_name: session_name.clone(),
            },
        }
    }
}

impl Limits {
    /// How many bytes they take in a token: policies, ARNs, tags.
    pub(crate) fn size(&self) -> usize {
        let policy = self.policy.as_ref().map_or(0, String::len);
        let arns: usize = self.policy_arns.iter().map(String::len).sum();
        let tags: usize = self.tags.iter().map(|(key, value)| key.len() + value.len()).sum();
        policy + arns + tags
    }
}
