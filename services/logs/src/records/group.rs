//! A log group.

use std::collections::BTreeMap;

use bytes::Bytes;
use lanthorn_store::documents::Document;
use serde::{Deserialize, Serialize};

use super::{FORMAT, decode, encode};
use crate::storage::{StorageError, damaged};

/// A group as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Names this incarnation of the group; hexadecimal.
    pub(crate) id: String,
    /// In ms since 1970.
    pub(crate) created_ms: i64,
    /// What the group is for.
    pub(crate) class: Class,
    /// How long events are kept as its owner set it; none: for ever.
    pub(crate) retention_days: Option<u16>,
    /// Whether it refuses to be deleted.
    pub(crate) deletion_protected: bool,
    /// The owner's tags.
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a group is for. Source: Smithy shape `LogGroupClass`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Standard,
    InfrequentAccess,
    Delivery,
    Essentials,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    id: String,
    created_ms: i64,
    class: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention_days: Option<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deletion_protected: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

impl Class {
    const ALL: [(Self, u8, &'static str); 4] = [
        (Self::Standard, 1, "STANDARD"),
        (Self::InfrequentAccess, 2, "INFREQUENT_ACCESS"),
        (Self::Delivery, 3, "DELIVERY"),
        (Self::Essentials, 4, "ESSENTIALS"),
    ];

    /// As AWS spells it.
    pub(crate) fn as_str(self) -> &'static str {
        self.row().2
    }

    /// The class AWS spells so.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.2 == text).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, u8, &'static str) {
        Self::ALL.iter().find(|row| row.0 == self).expect("every class has a row")
    }
}

impl Group {
    /// How many days events are kept, the class's own rule included.
    ///
    /// Source: CreateLogGroup, `logGroupClass`: the delivery class keeps events for one day.
    pub(crate) fn retention_days(&self) -> Option<u16> {
        match self.class {
            Class::Delivery => Some(1),
            Class::Standard | Class::InfrequentAccess | Class::Essentials => self.retention_days,
        }
    }

    /// Events from before this time, in ms since 1970, are expired at `now_ms`.
    pub(crate) fn expired_before_ms(&self, now_ms: i64) -> i64 {
        self.retention_days().map_or(0, |days| now_ms - i64::from(days) * 24 * 60 * 60 * 1000)
    }

    pub(crate) fn encode(&self) -> Bytes {
        encode(&Stored {
            v: FORMAT,
            id: self.id.clone(),
            created_ms: self.created_ms,
            class: self.class.row().1,
            retention_days: self.retention_days,
            deletion_protected: self.deletion_protected,
            tags: self.tags.clone(),
        })
    }

    pub(crate) fn decode(document: &Document) -> Result<Self, StorageError> {
        let stored: Stored = decode(document, |stored: &Stored| stored.v)?;
        let class = Class::ALL.iter().find(|row| row.1 == stored.class).map(|row| row.0);
        Ok(Self {
            id: stored.id,
            created_ms: stored.created_ms,
            class: class.ok_or_else(|| damaged(document, "no such class"))?,
            retention_days: stored.retention_days,
            deletion_protected: stored.deletion_protected,
            tags: stored.tags,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored;
    use super::*;

    proptest! {
        #[test]
        fn a_group_survives_the_store(
            created_ms in any::<i64>(),
            class in prop::sample::select(vec![Class::Standard, Class::InfrequentAccess, Class::Delivery, Class::Essentials]),
            retention_days in any::<Option<u16>>(),
            deletion_protected in any::<bool>(),
            tags in prop::collection::btree_map(".{1,8}", ".{0,8}", 0..4),
        ) {
            let group =
                Group { id: "0a1b".into(), created_ms, class, retention_days, deletion_protected, tags };
            prop_assert_eq!(Group::decode(&stored(group.encode())).expect("readable"), group);
        }
    }

    #[test]
    fn a_format_of_the_future_is_refused() {
        let document = stored(Bytes::from_static(br#"{"v":2,"id":"","created_ms":0,"class":1}"#));
        assert!(matches!(Group::decode(&document), Err(StorageError::Damaged { .. })));
    }
}
