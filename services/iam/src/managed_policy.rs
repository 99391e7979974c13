//! A managed policy: a document with versions, to be attached to roles.

use jiff::Timestamp;

use crate::document::Document;
use crate::names::{EntityPath, PolicyArn, PolicyName};
use crate::tags::Tags;

/// A managed policy as the API tells of it, AWS's own or a customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// `arn:aws:iam::ACCOUNT:policy/PATH/NAME`.
    pub arn: PolicyArn,
    /// `ANPA…`, 21 characters.
    pub id: Box<str>,
    /// Its name.
    pub name: PolicyName,
    /// Its path.
    pub path: EntityPath,
    /// When it was made; to the second.
    pub created_at: Timestamp,
    /// When its default version was last set; to the second.
    pub updated_at: Timestamp,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Its versions, oldest first; never empty, and at most [`VERSIONS_MAX`].
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force, which is among [`Self::versions`].
    pub default_version: u32,
    /// The highest number given so far; numbers are not used again.
    pub last_version: u32,
    /// Its tags.
    pub tags: Tags,
}

/// One version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// 1 or more; `v1` in the API.
    pub number: u32,
    /// What it says.
    pub document: Document,
    /// When it was made; to the second.
    pub created_at: Timestamp,
}

/// How many versions a managed policy keeps. Source: IAM quotas.
pub const VERSIONS_MAX: usize = 5;

impl ManagedPolicy {
    /// The document in force.
    ///
    /// # Panics
    /// Never: the default version is always there.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.version(self.default_version).expect("the default version is never deleted").document
    }

    /// The version called `number`.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}
