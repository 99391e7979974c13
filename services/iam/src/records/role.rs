//! A role, as it is kept.

use std::collections::BTreeMap;

use bytes::Bytes;
use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::Kind;
use serde::{Deserialize, Serialize};

use super::{DecodeError, Entity, FORMAT, Place, check_format, encode, time};
use crate::document::Document;
use crate::names::{EntityPath, RoleName, role_arn};
use crate::role::Role;
use crate::tags::Tags;

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    id: String,
    name: String,
    path: String,
    /// Seconds since 1970.
    created_at_s: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    max_session_s: u32,
    trust: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boundary: Option<String>,
    #[serde(default)]
    attached: Vec<String>,
    #[serde(default)]
    inline: BTreeMap<String, String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl Entity for Role {
    fn place(&self) -> Place {
        Place::Role(self.account().clone(), self.name.folded())
    }

    fn to_bytes(&self) -> Bytes {
        encode(&Stored {
            format: FORMAT,
            id: self.id.to_string(),
            name: self.name.to_string(),
            path: self.path.to_string(),
            created_at_s: self.created_at.as_second(),
            description: self.description.clone(),
            max_session_s: self.max_session_s,
            trust: self.trust.text().to_owned(),
            boundary: self.boundary.as_ref().map(ToString::to_string),
            attached: self.attached.iter().map(ToString::to_string).collect(),
            inline: self.inline.iter().map(|(name, document)| (name.to_string(), document.text().to_owned())).collect(),
            tags: self.tags.as_map().clone(),
        })
    }

    fn from_bytes(account: &AccountId, bytes: &[u8]) -> Result<Self, DecodeError> {
        let stored: Stored = serde_json::from_slice(bytes)?;
        check_format(stored.format)?;
        let name: RoleName = stored.name.parse()?;
        let path: EntityPath = stored.path.parse()?;
        let inline = |(name, text): (String, String)| -> Result<_, DecodeError> {
            Ok((name.parse()?, Document::parse(&text, Kind::Inline)?))
        };
        Ok(Role {
            arn: role_arn(account, &path, &name),
            id: stored.id.into(),
            name,
            path,
            created_at: time(stored.created_at_s)?,
            description: stored.description,
            max_session_s: stored.max_session_s,
            trust: Document::parse(&stored.trust, Kind::Trust)?,
            boundary: stored.boundary.map(|arn| arn.parse()).transpose()?,
            attached: stored.attached.iter().map(|arn| arn.parse()).collect::<Result<_, _>>()?,
            inline: stored.inline.into_iter().map(inline).collect::<Result<_, _>>()?,
            tags: Tags::kept(stored.tags),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::records::strategies::{entity_path, inline_policies, policy_arns, second, tags, trust};

    proptest! {
        #[test]
        fn a_role_is_kept_whole(
            name in "[A-Za-z0-9+=,.@_-]{1,64}", path in entity_path(), created_at in second(), trust in trust(),
            description in prop::option::of("\\PC{0,50}"), max_session_s in 3_600_u32..=43_200,
            boundary in policy_arns(), attached in policy_arns(), inline in inline_policies(), tags in tags(),
        ) {
            let account: AccountId = "000000000000".parse().unwrap();
            let name: RoleName = name.parse().unwrap();
            let role = Role {
                arn: role_arn(&account, &path, &name),
                id: "AROAEXAMPLEEXAMPLE123".into(),
                name,
                path,
                created_at,
                description,
                max_session_s,
                trust,
                boundary: boundary.into_iter().next(),
                attached: attached.into_iter().collect(),
                inline,
                tags,
            };
            prop_assert_eq!(Role::from_bytes(&account, &role.to_bytes()).unwrap(), role);
        }
    }

    #[test]
    fn a_record_of_a_later_format_is_not_misread() {
        let bytes = br#"{"format":2,"id":"x","name":"r","path":"/","created_at_s":0,"max_session_s":3600,"trust":""}"#;
        let account = "000000000000".parse().unwrap();
        assert!(matches!(Role::from_bytes(&account, bytes), Err(DecodeError::Format(2))));
    }
}
