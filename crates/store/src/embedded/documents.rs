//! Documents in the `documents` table.

mod select;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use rusqlite::{Connection, OptionalExtension};

pub(super) use self::select::{Page, changed_page};
use super::Engine;
use super::watch::{self, Committed};
use super::writer::{Batch, Verdict};
use crate::Error;
use crate::documents::{Change, CommitError, Document, Documents, Event, Expect, Key, Range, Revision};

/// The documents of an open data directory.
pub(super) struct EmbeddedDocuments {
    engine: Arc<Engine>,
}

impl EmbeddedDocuments {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

impl Documents for EmbeddedDocuments {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        self.engine.readers.read("read a document", move |connection| find(connection, key)).boxed()
    }

    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>> {
        let size = changes.iter().map(size).sum();
        async move {
            let work = move |batch: &mut Batch<'_>| apply(batch, partition, changes);
            let decided = self.engine.writer.run("commit documents", size, work).await?;
            decided.map_err(|name| CommitError::Conflict { name })
        }
        .boxed()
    }

    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>> {
        self.engine.readers.read("list documents", move |connection| select::list(connection, &range)).boxed()
    }

    fn watch(&self, partition_prefix: String) -> BoxStream<'static, Result<Event, Error>> {
        watch::follow(&self.engine, partition_prefix)
    }
}

/// About how many bytes a change makes the writer hold.
fn size(change: &Change) -> usize {
    match change {
        Change::Put { name, bytes, .. } => name.len() + bytes.len(),
        Change::Delete { name, .. } | Change::Require { name, .. } => name.len(),
    }
}

fn find(connection: &Connection, key: Key) -> rusqlite::Result<Option<Document>> {
    let found = connection
        .prepare_cached("SELECT revision, bytes FROM documents WHERE partition = ?1 AND name = ?2")?
        .query_row([&key.partition, &key.name], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    Ok(found.map(|(revision, bytes)| Document { key, revision: Revision(revision), bytes: bytes.into() }))
}

/// Makes the changes, or stops at the first whose expectation does not hold and names its document.
fn apply(
    batch: &mut Batch<'_>,
    partition: String,
    changes: Vec<Change>,
) -> rusqlite::Result<Verdict<Result<Revision, String>>> {
    let revision = Revision(batch.number());
    // What each document is after the commit, which is what watchers hear of it.
    let mut outcome = BTreeMap::new();
    for change in changes {
        let (Change::Put { name, expect, .. } | Change::Delete { name, expect } | Change::Require { name, expect }) =
            &change;
        if !holds(batch.connection(), &partition, name, *expect)? {
            return Ok(Verdict::Undo(Err(name.clone())));
        }
        match change {
            Change::Put { name, bytes, .. } => {
                put(batch.connection(), &partition, &name, revision, &bytes)?;
                outcome.insert(name, Some(bytes));
            }
            Change::Delete { name, .. } => {
                if delete(batch.connection(), &partition, &name)? {
                    outcome.insert(name, None);
                }
            }
            Change::Require { .. } => {}
        }
    }
    batch.publish(Committed { revision, partition, outcome });
    Ok(Verdict::Keep(Ok(revision)))
}

fn holds(connection: &Connection, partition: &str, name: &str, expect: Expect) -> rusqlite::Result<bool> {
    if expect == Expect::Anything {
        return Ok(true);
    }
    let found: Option<u64> = connection
        .prepare_cached("SELECT revision FROM documents WHERE partition = ?1 AND name = ?2")?
        .query_row([partition, name], |row| row.get(0))
        .optional()?;
    Ok(match expect {
        Expect::Anything => true,
        Expect::Absent => found.is_none(),
        Expect::Present => found.is_some(),
        Expect::At(revision) => found == Some(revision.0),
    })
}

fn put(
    connection: &Connection,
    partition: &str,
    name: &str,
    revision: Revision,
    bytes: &Bytes,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO documents (partition, name, revision, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (partition, name) DO UPDATE SET revision = excluded.revision, bytes = excluded.bytes",
        )?
        .execute((partition, name, revision.0, &bytes[..]))
        .map(|_| ())
}

fn delete(connection: &Connection, partition: &str, name: &str) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached("DELETE FROM documents WHERE partition = ?1 AND name = ?2")?
        .execute([partition, name])?;
    Ok(gone > 0)
}
