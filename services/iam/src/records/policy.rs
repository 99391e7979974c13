//! A customer managed policy, as it is kept.

use std::collections::BTreeMap;

use bytes::Bytes;
use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::Kind;
use serde::{Deserialize, Serialize};

use super::{DecodeError, Entity, FORMAT, Place, check_format, encode, time};
use crate::document::Document;
use crate::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::names::{EntityPath, PolicyArn, PolicyName, PolicyOwner};
use crate::tags::Tags;

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    id: String,
    name: String,
    path: String,
    /// Seconds since 1970, both.
    created_at_s: i64,
    updated_at_s: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    versions: Vec<StoredVersion>,
    default_version: u32,
    last_version: u32,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct StoredVersion {
    number: u32,
    document: String,
    created_at_s: i64,
}

impl Entity for ManagedPolicy {
    fn place(&self) -> Place {
        let account = match self.arn.owner() {
            PolicyOwner::Account(account) => account.clone(),
            PolicyOwner::Aws => unreachable!("AWS's own policies are in the catalogue and never kept"),
        };
        Place::Policy(account, self.name.folded())
    }

    fn to_bytes(&self) -> Bytes {
        let version = |version: &PolicyVersion| StoredVersion {
            number: version.number,
            document: version.document.text().to_owned(),
            created_at_s: version.created_at.as_second(),
        };
        encode(&Stored {
            format: FORMAT,
            id: self.id.to_string(),
            name: self.name.to_string(),
            path: self.path.to_string(),
            created_at_s: self.created_at.as_second(),
            updated_at_s: self.updated_at.as_second(),
            description: self.description.clone(),
            versions: self.versions.iter().map(version).collect(),
            default_version: self.default_version,
            last_version: self.last_version,
            tags: self.tags.as_map().clone(),
        })
    }

    fn from_bytes(account: &AccountId, bytes: &[u8]) -> Result<Self, DecodeError> {
        let stored: Stored = serde_json::from_slice(bytes)?;
        check_format(stored.format)?;
        let name: PolicyName = stored.name.parse()?;
        let path: EntityPath = stored.path.parse()?;
        let version = |version: StoredVersion| -> Result<_, DecodeError> {
            let document = Document::parse(&version.document, Kind::Managed)?;
            Ok(PolicyVersion { number: version.number, document, created_at: time(version.created_at_s)? })
        };
        let policy = ManagedPolicy {
            arn: PolicyArn::new(PolicyOwner::Account(account.clone()), &path, &name),
            id: stored.id.into(),
            name,
            path,
            created_at: time(stored.created_at_s)?,
            updated_at: time(stored.updated_at_s)?,
            description: stored.description,
            versions: stored.versions.into_iter().map(version).collect::<Result<_, _>>()?,
            default_version: stored.default_version,
            last_version: stored.last_version,
            tags: Tags::kept(stored.tags),
        };
        match policy.version(policy.default_version) {
            Some(_) => Ok(policy),
            None => Err(DecodeError::NoDefaultVersion),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::records::strategies::{entity_path, inline_policies, second, tags};

    proptest! {
        #[test]
        fn a_policy_is_kept_whole(
            name in "[A-Za-z0-9+=,.@_-]{1,128}", path in entity_path(), created_at in second(), updated_at in second(),
            description in prop::option::of("\\PC{0,50}"), documents in inline_policies(), tags in tags(),
            default in any::<prop::sample::Index>(),
        ) {
            prop_assume!(!documents.is_empty());
            let account: AccountId = "000000000000".parse().unwrap();
            let name: PolicyName = name.parse().unwrap();
            let numbered = (1..).zip(documents.into_values());
            let versions: Vec<PolicyVersion> =
                numbered.map(|(number, document)| PolicyVersion { number, document, created_at }).collect();
            let policy = ManagedPolicy {
                arn: PolicyArn::new(PolicyOwner::Account(account.clone()), &path, &name),
                id: "ANPAEXAMPLEEXAMPLE123".into(),
                name,
                path,
                created_at,
                updated_at,
                description,
                default_version: versions[default.index(versions.len())].number,
                last_version: 7,
                versions,
                tags,
            };
            prop_assert_eq!(ManagedPolicy::from_bytes(&account, &policy.to_bytes()).unwrap(), policy);
        }
    }
}
