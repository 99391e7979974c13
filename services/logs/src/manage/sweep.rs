//! Removes what is no longer kept: expired events, and what deleted groups and streams have left.
//!
//! Nothing of it can be read by then: reads leave out expired events, and deleted things have no name. The sweeper
//! only gives the room back, in small commits between which writers get their turn.

use std::sync::Arc;

use lanthorn_store::documents::{Change, Document, Expect, Key, Range};

use crate::Logs;
use crate::names::{GroupRef, Scope};
use crate::records::{Entry, Group};
use crate::storage::{self, BatchAt, DELETED_STREAMS, ENTRIES, StorageError, committed};

/// So many groups are looked at in one step.
const GROUPS_PAGE: usize = 256;

/// So many documents are removed in one commit, or twice as many where a batch has an entry.
const REMOVED_AT_ONCE: usize = 128;

impl Logs {
    /// Removes all that is no longer kept. What fails is tried again by the next sweep.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self) -> Result<(), StorageError> {
        let mut after: Option<Key> = None;
        loop {
            let page = self.catalogue.page(after, GROUPS_PAGE).await?;
            for document in &page {
                self.sweep_document(document).await?;
            }
            match page.last() {
                Some(last) if page.len() == GROUPS_PAGE => after = Some(last.key.clone()),
                _ => return Ok(()),
            }
        }
    }

    async fn sweep_document(&self, document: &Document) -> Result<(), StorageError> {
        let Some(scope) = storage::scope_of_catalogue(&document.key.partition).map(Arc::new) else {
            return Err(storage::damaged(document, "not in a catalogue of groups"));
        };
        match document.key.name.strip_prefix('!') {
            Some(id) => self.purge_group(&scope, id, document).await,
            None => {
                let group = GroupRef::new(&scope, &document.key.name);
                let record = Group::decode(document)?;
                self.purge_deleted_streams(&group, &record).await?;
                self.expire(&group, &record).await
            }
        }
    }

    /// Empties a deleted group's partition, then forgets that there was one.
    async fn purge_group(&self, scope: &Arc<Scope>, id: &str, document: &Document) -> Result<(), StorageError> {
        let name = String::from_utf8_lossy(&document.bytes);
        let partition = storage::partition(&GroupRef::new(scope, &name), id);
        // Batches are found by their entries, which are small; whatever is then left is small too.
        loop {
            let entries = self.page(&partition, ENTRIES).await?;
            let names = entries.iter().map(BatchAt::of).collect::<Result<Vec<_>, _>>()?;
            let names: Vec<String> = names.iter().flat_map(|at| [at.batch(), at.entry()]).collect();
            self.delete_all(&partition, names).await?;
            if entries.len() < REMOVED_AT_ONCE {
                break;
            }
        }
        loop {
            let rest = self.page(&partition, "").await?;
            self.delete_all(&partition, rest.iter().map(|document| document.key.name.clone()).collect()).await?;
            if rest.len() < REMOVED_AT_ONCE {
                break;
            }
        }
        self.delete_all(&document.key.partition, vec![document.key.name.clone()]).await
    }

    async fn purge_deleted_streams(&self, group: &GroupRef, record: &Group) -> Result<(), StorageError> {
        let partition = storage::partition(group, &record.id);
        for document in self.page(&partition, DELETED_STREAMS).await? {
            let id = document.key.name.strip_prefix(DELETED_STREAMS).and_then(|id| id.parse().ok());
            let id = id.ok_or_else(|| storage::damaged(&document, "not the name of a deleted stream"))?;
            self.purge_stream(group, record, id).await?;
        }
        Ok(())
    }

    /// Removes batches all of whose events have outlived the group's retention.
    async fn expire(&self, group: &GroupRef, record: &Group) -> Result<(), StorageError> {
        if record.retention_days().is_none() {
            return Ok(());
        }
        let expired_before_ms = record.expired_before_ms(self.clock.now().as_millisecond());
        let partition = storage::partition(group, &record.id);
        loop {
            let entries = self.page(&partition, ENTRIES).await?;
            let mut changes = Vec::new();
            let mut bytes = 0;
            for document in &entries {
                let (at, entry) = (BatchAt::of(document)?, Entry::decode(document)?);
                if at.first_ms >= expired_before_ms {
                    break;
                }
                if entry.last_ms < expired_before_ms {
                    bytes += entry.bytes;
                    changes.push(Change::Delete { name: at.batch(), expect: Expect::Anything });
                    changes.push(Change::Delete { name: at.entry(), expect: Expect::Anything });
                }
            }
            let all_expired = changes.len() == 2 * REMOVED_AT_ONCE;
            if changes.is_empty() {
                return Ok(());
            }
            let mut shard = self.journal.lock(group).await;
            if !self.journal.remove(&mut shard, group, &changes, bytes).await? || !all_expired {
                return Ok(());
            }
        }
    }

    async fn page(&self, partition: &str, prefix: &str) -> Result<Vec<Document>, StorageError> {
        let range = Range {
            partition_prefix: partition.to_owned(),
            name_prefix: prefix.to_owned(),
            limit: REMOVED_AT_ONCE,
            ..Range::default()
        };
        Ok(self.documents.list(range).await?)
    }

    async fn delete_all(&self, partition: &str, names: Vec<String>) -> Result<(), StorageError> {
        if names.is_empty() {
            return Ok(());
        }
        let changes = names.into_iter().map(|name| Change::Delete { name, expect: Expect::Anything }).collect();
        committed(self.documents.commit(partition.to_owned(), changes).await).map(|_| ())
    }
}
