//! A role: an identity that services and callers take on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanthorn_model::arn::{AccountId, RoleArn};

use crate::document::Document;
use crate::names::{EntityPath, PolicyArn, PolicyName, RoleName};
use crate::tags::Tags;

/// A role as the API tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
    pub arn: RoleArn,
    /// `AROA…`, 21 characters; another one if the role is deleted and made again.
    pub id: Box<str>,
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: EntityPath,
    /// When it was made; to the second.
    pub created_at: Timestamp,
    /// What its owner says of it.
    pub description: Option<String>,
    /// The longest a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_s: u32,
    /// Who may assume it.
    pub trust: Document,
    /// The managed policy that bounds what it may do.
    pub boundary: Option<PolicyArn>,
    /// The managed policies attached to it.
    pub attached: BTreeSet<PolicyArn>,
    /// The policies written into it.
    pub inline: BTreeMap<PolicyName, Document>,
    /// Its tags.
    pub tags: Tags,
}

/// The session duration of a role that was given none, in seconds.
pub const MAX_SESSION_DEFAULT_S: u32 = 3_600;

impl Role {
    /// The account that owns it.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        self.arn.account()
    }
}
