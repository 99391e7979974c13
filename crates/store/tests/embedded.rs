//! The embedded engine: the shared suite, and what is its own affair: its files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lanthorn_model::clock::ManualClock;
use lanthorn_store::documents::{Change, Expect};
use lanthorn_store::embedded::{OpenError, open};
use lanthorn_store::suite::Subject;
use lanthorn_store::{Failure, Store};
use tempfile::TempDir;

/// A store in a directory that goes with it.
struct Embedded {
    store: Option<Store>,
    clock: Arc<ManualClock>,
    directory: TempDir,
}

fn embedded() -> Embedded {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
    let store = open(directory.path(), clock.clone()).unwrap();
    Embedded { store: Some(store), clock, directory }
}

impl Subject for Embedded {
    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self) -> BoxFuture<'_, ()> {
        async {
            drop(self.store.take());
            self.store = Some(open(self.directory.path(), self.clock.clone()).unwrap());
        }
        .boxed()
    }
}

lanthorn_store::suite!(embedded);

/// Every file below `directory`, without the directory's own path.
fn files(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => waiting.push(path),
                false => assert!(found.insert(path.strip_prefix(directory).unwrap().to_owned())),
            }
        }
    }
    found
}

#[tokio::test]
async fn a_blob_lies_under_its_digest_and_a_crash_leaves_nothing_behind() {
    let mut subject = embedded();
    let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    subject.store().blobs.put(Box::pin(&b"hello"[..])).await.unwrap();
    let blobs = subject.directory.path().join("blobs");
    std::fs::write(blobs.join("incoming/7"), "half of a blob").unwrap();
    subject.reopen().await;
    let expected = PathBuf::from(&hello[..2]).join(&hello[2..]);
    assert_eq!(files(&blobs), BTreeSet::from([expected]));
}

#[tokio::test]
async fn a_put_that_is_dropped_leaves_no_file() {
    let subject = embedded();
    let (mut client, server) = tokio::io::duplex(1024);
    let blobs = Arc::clone(&subject.store().blobs);
    let put = tokio::spawn(async move { blobs.put(Box::pin(server)).await });
    tokio::io::AsyncWriteExt::write_all(&mut client, &[7; 300_000]).await.unwrap();
    put.abort();
    assert!(put.await.unwrap_err().is_cancelled());
    let incoming = subject.directory.path().join("blobs/incoming");
    // A thread may still be at its last chunk.
    while !files(&incoming).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_directory_has_one_server_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let data = directory.path().join("made/on/the/way");
    let first = open(&data, clock.clone()).unwrap();
    let refused = open(&data, clock.clone()).err().unwrap();
    assert!(matches!(&refused, OpenError::InUse { process: Some(id), .. } if *id == std::process::id()), "{refused:?}");
    // Any one part keeps it open.
    let Store { documents, queue, blobs } = first;
    drop((documents, queue));
    assert!(open(&data, clock.clone()).is_err());
    drop(blobs);
    open(&data, clock).unwrap();
}

#[test]
fn secrets_are_their_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let _store = open(&data, Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in files(&data) {
        assert_eq!(mode(&data.join(&file)), 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_where_the_directory_should_be_is_a_clear_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = open(file.path(), Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).err().unwrap();
    assert!(matches!(&refused, OpenError::Directory { .. }), "{refused:?}");
    assert!(refused.to_string().contains(file.path().to_str().unwrap()), "{refused}");
}

#[tokio::test]
async fn a_value_beyond_the_engine_is_refused_and_hurts_nobody_else() {
    let subject = embedded();
    let documents = &subject.store().documents;
    let put = |name: &str, bytes: Bytes| {
        documents.commit("p".to_owned(), vec![Change::Put { name: name.to_owned(), expect: Expect::Anything, bytes }])
    };
    // SQLite keeps up to 1,000,000,000 bytes in a value.
    let huge = Bytes::from(vec![0; 1_000_000_001]);
    let (refused, kept) = futures::join!(put("huge", huge), put("small", Bytes::from_static(b"x")));
    kept.unwrap();
    match refused {
        Err(lanthorn_store::documents::CommitError::Store(error)) => {
            assert!(matches!(error.failure, Failure::Refused(_)), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
}
