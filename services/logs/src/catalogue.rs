//! The groups of every account and region: found, made, changed, unmade.
//!
//! What this is *not*: it knows nothing of streams and events beyond the fence that a group's partition begins with.

use std::collections::BTreeMap;
use std::sync::Arc;

use lanthorn_model::clock::SharedClock;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Change, Document, Expect, Key, Range, Revision};
use uuid::Uuid;

use crate::names::{GroupRef, Scope};
use crate::records::{Class, Group, Total};
use crate::storage::{self, Committed, StorageError, TOTAL, committed};

/// Conflicting changes of one group are tried so often before they are given up.
const ATTEMPTS_MAX: usize = 16;

/// What a new group is made with.
#[derive(Clone, Debug)]
pub(crate) struct NewGroup {
    pub(crate) class: Class,
    pub(crate) deletion_protected: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Default for NewGroup {
    fn default() -> Self {
        Self { class: Class::Standard, deletion_protected: false, tags: BTreeMap::new() }
    }
}

/// Reads and writes the catalogue.
#[derive(Clone)]
pub(crate) struct Catalogue {
    documents: Arc<dyn Documents>,
    clock: SharedClock,
}

impl Catalogue {
    pub(crate) fn new(documents: Arc<dyn Documents>, clock: SharedClock) -> Self {
        Self { documents, clock }
    }

    /// The group, and the revision it was read at.
    pub(crate) async fn find(&self, group: &GroupRef) -> Result<Option<(Group, Revision)>, StorageError> {
        let key = Key { partition: storage::catalogue(&group.scope), name: group.name.to_string() };
        match self.documents.get(key).await? {
            Some(document) => Ok(Some((Group::decode(&document)?, document.revision))),
            None => Ok(None),
        }
    }

    /// Makes a group; none if there is one already.
    ///
    /// The fence comes first, in a partition that nobody can know yet, so that a group that is seen can be written to.
    pub(crate) async fn create(&self, group: &GroupRef, new: NewGroup) -> Result<Option<Group>, StorageError> {
        let record = Group {
            id: Uuid::new_v4().simple().to_string(),
            created_ms: self.clock.now().as_millisecond(),
            class: new.class,
            retention_days: None,
            deletion_protected: new.deletion_protected,
            tags: new.tags,
        };
        let partition = storage::partition(group, &record.id);
        let fence = Change::Put { name: TOTAL.into(), expect: Expect::Absent, bytes: Total::default().encode() };
        committed(self.documents.commit(partition.clone(), vec![fence]).await)?;
        let put = Change::Put { name: group.name.to_string(), expect: Expect::Absent, bytes: record.encode() };
        match committed(self.documents.commit(storage::catalogue(&group.scope), vec![put]).await)? {
            Committed::Done(_) => Ok(Some(record)),
            Committed::Conflict(_) => {
                let unfence = Change::Delete { name: TOTAL.into(), expect: Expect::Anything };
                committed(self.documents.commit(partition, vec![unfence]).await)?;
                Ok(None)
            }
        }
    }

    /// Changes a group by `change`, again if another changed it meanwhile. None if there is no such group; what
    /// `change` refuses is refused.
    pub(crate) async fn update<E>(
        &self,
        group: &GroupRef,
        change: impl Fn(&mut Group) -> Result<(), E>,
    ) -> Result<Option<Result<(), E>>, StorageError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some((mut record, revision)) = self.find(group).await? else {
                return Ok(None);
            };
            if let Err(refusal) = change(&mut record) {
                return Ok(Some(Err(refusal)));
            }
            let put =
                Change::Put { name: group.name.to_string(), expect: Expect::At(revision), bytes: record.encode() };
            match committed(self.documents.commit(storage::catalogue(&group.scope), vec![put]).await)? {
                Committed::Done(_) => return Ok(Some(Ok(()))),
                Committed::Conflict(_) => {}
            }
        }
        Err(StorageError::Contended)
    }

    /// Unmakes a group that was read at `revision`; its partition is left to the sweeper. False if it has changed.
    pub(crate) async fn delete(
        &self,
        group: &GroupRef,
        record: &Group,
        revision: Revision,
    ) -> Result<bool, StorageError> {
        let changes = vec![
            Change::Delete { name: group.name.to_string(), expect: Expect::At(revision) },
            Change::Put {
                name: storage::deleted_group(&record.id),
                expect: Expect::Anything,
                bytes: group.name.to_string().into(),
            },
        ];
        match committed(self.documents.commit(storage::catalogue(&group.scope), changes).await)? {
            Committed::Conflict(_) => return Ok(false),
            Committed::Done(_) => {}
        }
        let fence = Change::Delete { name: TOTAL.into(), expect: Expect::Anything };
        committed(self.documents.commit(storage::partition(group, &record.id), vec![fence]).await)?;
        Ok(true)
    }

    /// At most `limit` groups of `scope` whose names begin with `prefix` and come after `after`, by name.
    pub(crate) async fn list(
        &self,
        scope: &Arc<Scope>,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(GroupRef, Group)>, StorageError> {
        let partition = storage::catalogue(scope);
        let after = after.unwrap_or(storage::CATALOGUE_GROUPS).to_owned();
        let range = Range {
            partition_prefix: partition.clone(),
            name_prefix: prefix.to_owned(),
            after: Some(Key { partition, name: after }),
            limit,
            ..Range::default()
        };
        let documents = self.documents.list(range).await?;
        documents
            .iter()
            .map(|document| Ok((GroupRef::new(scope, &document.key.name), Group::decode(document)?)))
            .collect()
    }

    /// A page of all catalogues' documents, groups and deleted groups alike, for the sweeper.
    pub(crate) async fn page(&self, after: Option<Key>, limit: usize) -> Result<Vec<Document>, StorageError> {
        let range = Range { partition_prefix: storage::CATALOGUES.into(), after, limit, ..Range::default() };
        Ok(self.documents.list(range).await?)
    }

    /// How many bytes the group holds.
    pub(crate) async fn stored_bytes(&self, group: &GroupRef, record: &Group) -> Result<u64, StorageError> {
        let key = Key { partition: storage::partition(group, &record.id), name: TOTAL.into() };
        match self.documents.get(key).await? {
            Some(document) => Ok(Total::decode(&document)?.bytes),
            None => Ok(0),
        }
    }
}
