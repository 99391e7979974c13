//! A store that fails for a while: nothing that a function wrote is lost, told twice or out of order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use lanthorn_store::documents::{Change, CommitError, Document, Event, Key, Range, Revision};
use lanthorn_store::{Documents, Error, Failure, Store};
use serde_json::json;

use crate::harness::Room;

/// The store it wraps, but with a disk that can be full.
struct Faulty {
    inner: Arc<dyn Documents>,
    full: Arc<AtomicBool>,
}

impl Documents for Faulty {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        self.inner.get(key)
    }

    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>> {
        if self.full.load(Ordering::SeqCst) {
            let error = Error { doing: "commit", failure: Failure::Full("no room".into()) };
            return Box::pin(std::future::ready(Err(error.into())));
        }
        self.inner.commit(partition, changes)
    }

    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>> {
        self.inner.list(range)
    }

    fn watch(&self, partition_prefix: String) -> BoxStream<'static, Result<Event, Error>> {
        self.inner.watch(partition_prefix)
    }
}

#[tokio::test]
async fn a_full_disk_loses_no_lines() {
    let full = Arc::new(AtomicBool::new(false));
    let disk = Arc::clone(&full);
    let room = Room::over(move |store| Store {
        documents: Arc::new(Faulty { inner: store.documents, full: disk }),
        queue: store.queue,
        blobs: store.blobs,
    });
    room.write("g", "s", &["one"]);
    room.logs.flush().await.expect("stored");
    full.store(true, Ordering::SeqCst);
    room.write("g", "s", &["two"]);
    room.logs.flush().await.expect_err("the disk is full");
    room.write("g", "s", &["three"]);
    assert_eq!(room.refused("FilterLogEvents", json!({"logGroupName": "g"})).await.0, "ServiceUnavailableException");
    assert_eq!(room.logs.waiting(), 2);
    full.store(false, Ordering::SeqCst);
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["one", "two", "three"]);
    assert_eq!(room.logs.waiting(), 0);
}
