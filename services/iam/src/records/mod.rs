//! How IAM's entities are kept in the store.
//!
//! ```text
//! partition  iam/{account}/role/{name}     document  head         a role, whole
//!            iam/{account}/policy/{name}   document  head         a customer managed policy, whole
//!            iam/{account}/root            document  access-key   the root user's key
//! ```
//!
//! Names in keys are without case, because no two entities may differ by case
//! alone. The bytes are JSON; members that a reader does not know are skipped and
//! members that a writer did not know are defaulted, so a record may grow. A change
//! that is more than growth takes a new [`FORMAT`].

pub(crate) mod access_key;
pub(crate) mod policy;
pub(crate) mod role;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::arn::{AccountId, Malformed};
use lanthorn_model::policy::MalformedPolicy;
use lanthorn_store::documents::Key;
use serde::Serialize;

/// What every partition of ours begins with.
pub(crate) const PARTITION_PREFIX: &str = "iam/";

/// The shape of the bytes; raised only by a change that old readers must not misread.
pub(crate) const FORMAT: u32 = 1;

/// What a key says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A role, by its name without case.
    Role(AccountId, String),
    /// A customer managed policy, by its name without case.
    Policy(AccountId, String),
    /// The root user's access key.
    RootKey(AccountId),
}

/// The bytes are not what their key says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the record is not readable JSON")]
    Json(#[from] serde_json::Error),
    #[error("the record has format {0}, and this program reads {FORMAT}")]
    Format(u32),
    #[error("a member of the record is malformed")]
    Member(#[from] Malformed),
    #[error("a policy in the record is malformed")]
    Policy(#[from] MalformedPolicy),
    #[error("a time in the record is out of range")]
    Time(#[source] jiff::Error),
    #[error("the record has no version that is in force")]
    NoDefaultVersion,
}

/// A thing that is kept whole in one document.
pub(crate) trait Entity: Sized {
    fn place(&self) -> Place;
    fn to_bytes(&self) -> Bytes;
    fn from_bytes(account: &AccountId, bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl Place {
    /// Whose it is.
    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Role(account, _) | Self::Policy(account, _) | Self::RootKey(account) => account,
        }
    }

    /// Where it is.
    pub(crate) fn key(&self) -> Key {
        let (partition, name) = match self {
            Self::Role(account, name) => (format!("{PARTITION_PREFIX}{account}/role/{name}"), "head"),
            Self::Policy(account, name) => (format!("{PARTITION_PREFIX}{account}/policy/{name}"), "head"),
            Self::RootKey(account) => (format!("{PARTITION_PREFIX}{account}/root"), "access-key"),
        };
        Key { partition, name: name.to_owned() }
    }

    /// What is at `key`; none if it is nothing of ours.
    pub(crate) fn of(key: &Key) -> Option<Self> {
        let mut parts = key.partition.strip_prefix(PARTITION_PREFIX)?.split('/');
        let account: AccountId = parts.next()?.parse().ok()?;
        let place = match (parts.next()?, parts.next(), key.name.as_str()) {
            ("role", Some(name), "head") => Self::Role(account, name.to_owned()),
            ("policy", Some(name), "head") => Self::Policy(account, name.to_owned()),
            ("root", None, "access-key") => Self::RootKey(account),
            _ => return None,
        };
        parts.next().is_none().then_some(place)
    }
}

fn encode(record: &impl Serialize) -> Bytes {
    serde_json::to_vec(record).expect("records are plain data, which JSON can hold").into()
}

fn check_format(format: u32) -> Result<(), DecodeError> {
    if format == FORMAT { Ok(()) } else { Err(DecodeError::Format(format)) }
}

fn time(second: i64) -> Result<Timestamp, DecodeError> {
    Timestamp::from_second(second).map_err(DecodeError::Time)
}

#[cfg(test)]
mod strategies {
    //! What random entities are made of.

    use std::collections::BTreeMap;

    use lanthorn_model::policy::Kind;
    use proptest::prelude::*;

    use crate::document::Document;
    use crate::names::{EntityPath, PolicyArn, PolicyName};
    use crate::tags::Tags;

    pub(super) fn entity_path() -> impl Strategy<Value = EntityPath> {
        prop_oneof![Just("/".to_owned()), "(/[a-z0-9-]{1,8}){1,3}/"].prop_map(|text| text.parse().unwrap())
    }

    pub(super) fn second() -> impl Strategy<Value = jiff::Timestamp> {
        (0_i64..4_000_000_000).prop_map(|second| jiff::Timestamp::from_second(second).unwrap())
    }

    pub(super) fn trust() -> impl Strategy<Value = Document> {
        "[a-z]{1,12}".prop_map(|service| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Service":"{service}.amazonaws.com"}},"Action":"sts:AssumeRole"}}}}"#
            );
            Document::parse(&text, Kind::Trust).unwrap()
        })
    }

    pub(super) fn policy_arns() -> impl Strategy<Value = Vec<PolicyArn>> {
        let arn = "arn:aws:iam::(aws|[0-9]{12}):policy/([a-z]{1,5}/)?[A-Za-z]{1,9}";
        prop::collection::vec(arn.prop_map(|text| text.parse().unwrap()), 0..4)
    }

    pub(super) fn inline_policies() -> impl Strategy<Value = BTreeMap<PolicyName, Document>> {
        let name = "[A-Za-z0-9]{1,9}".prop_map(|name| name.parse().unwrap());
        let document = "[a-z]{1,8}".prop_map(|service| {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{service}:*","Resource":"*"}}]}}"#
            );
            Document::parse(&text, Kind::Managed).unwrap()
        });
        prop::collection::btree_map(name, document, 0..4)
    }

    pub(super) fn tags() -> impl Strategy<Value = Tags> {
        prop::collection::btree_map("[a-z]{1,8}", "\\PC{0,20}", 0..5).prop_map(Tags::kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_by_its_key() {
        let account: AccountId = "000000000000".parse().unwrap();
        let places = [
            Place::Role(account.clone(), "worker".to_owned()),
            Place::Policy(account.clone(), "mine".to_owned()),
            Place::RootKey(account),
        ];
        for place in places {
            assert_eq!(Place::of(&place.key()), Some(place));
        }
        let stray = |partition: &str| Place::of(&Key { partition: partition.to_owned(), name: "head".to_owned() });
        assert_eq!(stray("iam/000000000000/role/a/b"), None);
        assert_eq!(stray("iam/nobody/role/a"), None);
        assert_eq!(stray("function/000000000000/role/a"), None);
    }
}
