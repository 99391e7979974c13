//! Groups: made, unmade, listed, tagged, and told how long to keep events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Logs;
use crate::catalogue::NewGroup;
use crate::facts::GroupNotFound;
use crate::names::{GroupRef, Scope};
use crate::records::{Class, Group};
use crate::storage::StorageError;

/// The days that events may be kept. Source: PutRetentionPolicy, `retentionInDays`.
pub(crate) const RETENTION_DAYS: [u16; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A group has so many tags at most. Source: TagResource.
const TAGS_MAX: usize = 50;

/// So many groups are looked at for one answer's worth of a rare name.
const GROUPS_PAGE: usize = 500;

/// A group was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateGroupError {
    /// There is one already.
    #[error("the log group exists")]
    Exists,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A group was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteGroupError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// Its owner has forbidden it.
    #[error("the log group is protected from deletion")]
    Protected,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A group was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A group's retention was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Events cannot be kept for so many days.
    #[error("{0} is not a number of days that events can be kept")]
    Days(i32),
    /// The group's class has a retention of its own.
    #[error("the log group's class has a retention of its own")]
    FixedByClass,
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A group was not tagged.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// It would have more than 50 tags.
    #[error("a log group has {TAGS_MAX} tags at most")]
    TooMany,
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Which groups are wanted.
#[derive(Clone, Debug)]
pub(crate) struct GroupQuery {
    /// Names that begin with this.
    pub(crate) prefix: String,
    /// Names that hold this, in this spelling.
    pub(crate) pattern: String,
    pub(crate) class: Option<Class>,
    /// Only these.
    pub(crate) names: Option<Vec<Arc<str>>>,
    /// Names that come after this.
    pub(crate) after: Option<String>,
    /// At most so many; at least 1.
    pub(crate) limit: usize,
}

/// A group as it is listed.
#[derive(Clone, Debug)]
pub(crate) struct GroupListing {
    pub(crate) group: GroupRef,
    pub(crate) record: Group,
    pub(crate) stored_bytes: u64,
}

impl Logs {
    pub(crate) async fn create_group(&self, group: &GroupRef, new: NewGroup) -> Result<(), CreateGroupError> {
        match self.catalogue.create(group, new).await? {
            Some(_) => Ok(()),
            None => Err(CreateGroupError::Exists),
        }
    }

    /// Deletes a group at once for everybody who looks; its events leave the disk soon after.
    pub(crate) async fn delete_group(&self, group: &GroupRef) -> Result<(), DeleteGroupError> {
        self.flusher.discard(group).await;
        let mut shard = self.journal.lock(group).await;
        shard.forget(group);
        loop {
            let (record, revision) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
            if record.deletion_protected {
                return Err(DeleteGroupError::Protected);
            }
            if self.catalogue.delete(group, &record, revision).await? {
                self.nudge_sweeper();
                return Ok(());
            }
        }
    }

    pub(crate) async fn protect_group(&self, group: &GroupRef, protected: bool) -> Result<(), GroupError> {
        self.change_group(group, |record| record.deletion_protected = protected).await
    }

    /// At most `query.limit` groups by name, and whether there are more.
    pub(crate) async fn list_groups(
        &self,
        scope: &Arc<Scope>,
        query: &GroupQuery,
    ) -> Result<(Vec<GroupListing>, bool), StorageError> {
        self.flusher.flush_all().await?;
        let selective = !query.pattern.is_empty() || query.class.is_some() || query.names.is_some();
        let page = if selective { GROUPS_PAGE } else { query.limit + 1 };
        let mut after = query.after.clone();
        let mut found = Vec::new();
        loop {
            let groups = self.catalogue.list(scope, &query.prefix, after.as_deref(), page).await?;
            after = groups.last().map(|(group, _)| group.name.to_string());
            let is_last = groups.len() < page;
            for (group, record) in groups {
                if !query.wants(&group, &record) {
                    continue;
                }
                if found.len() == query.limit {
                    return Ok((found, true));
                }
                let stored_bytes = self.catalogue.stored_bytes(&group, &record).await?;
                found.push(GroupListing { group, record, stored_bytes });
            }
            if is_last {
                return Ok((found, false));
            }
        }
    }

    pub(crate) async fn put_retention(&self, group: &GroupRef, days: i32) -> Result<(), RetentionError> {
        let days =
            u16::try_from(days).ok().filter(|days| RETENTION_DAYS.contains(days)).ok_or(RetentionError::Days(days))?;
        let outcome = self.catalogue.update(group, |record| match record.class {
            Class::Delivery => Err(RetentionError::FixedByClass),
            Class::Standard | Class::InfrequentAccess | Class::Essentials => {
                record.retention_days = Some(days);
                Ok(())
            }
        });
        outcome.await?.ok_or(GroupNotFound)?
    }

    pub(crate) async fn delete_retention(&self, group: &GroupRef) -> Result<(), GroupError> {
        self.change_group(group, |record| record.retention_days = None).await
    }

    pub(crate) async fn tags(&self, group: &GroupRef) -> Result<BTreeMap<String, String>, GroupError> {
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        Ok(record.tags)
    }

    pub(crate) async fn tag(&self, group: &GroupRef, tags: BTreeMap<String, String>) -> Result<(), TagError> {
        let outcome = self.catalogue.update(group, |record| {
            record.tags.extend(tags.clone());
            if record.tags.len() > TAGS_MAX { Err(TagError::TooMany) } else { Ok(()) }
        });
        outcome.await?.ok_or(GroupNotFound)?
    }

    pub(crate) async fn untag(&self, group: &GroupRef, keys: &[String]) -> Result<(), GroupError> {
        self.change_group(group, |record| record.tags.retain(|key, _| !keys.contains(key))).await
    }

    async fn change_group(&self, group: &GroupRef, change: impl Fn(&mut Group)) -> Result<(), GroupError> {
        let outcome = self.catalogue.update(group, |record| {
            change(record);
            Ok::<(), GroupError>(())
        });
        outcome.await?.ok_or(GroupNotFound)?
    }
}

impl GroupQuery {
    fn wants(&self, group: &GroupRef, record: &Group) -> bool {
        group.name.contains(&self.pattern)
            && self.class.is_none_or(|class| class == record.class)
            && self.names.as_ref().is_none_or(|names| names.contains(&group.name))
    }
}
