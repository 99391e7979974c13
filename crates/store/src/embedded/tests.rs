//! What the engine does when there is no room left.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use jiff::Timestamp;
use lanthorn_model::clock::ManualClock;

use super::{Tuning, open_with};
use crate::documents::{Change, CommitError, Expect, Key, Range};
use crate::{Error, Failure, Store};

/// 400 KiB: the tables, and some rows.
const SMALL: Tuning = Tuning { pages_max: Some(100), ..TUNING };
const TUNING: Tuning = Tuning {
    readers: std::num::NonZeroUsize::MIN,
    pages_max: None,
    mailbox: super::watch::Bounds {
        letters_max: 10,
        bytes_max: 1000,
        gone_max: 10,
        page_documents_max: 10,
        page_bytes_max: 1000,
    },
};

fn put(name: String, kib: usize) -> Vec<Change> {
    vec![Change::Put { name, expect: Expect::Anything, bytes: Bytes::from(vec![7; kib * 1024]) }]
}

async fn names(store: &Store) -> Vec<String> {
    let documents = store.documents.list(Range::default()).await.unwrap();
    documents.into_iter().map(|document| document.key.name).collect()
}

#[tokio::test]
async fn a_full_disk_is_a_named_refusal_that_loses_nothing_and_passes() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = open_with(directory.path(), clock.clone(), SMALL).unwrap();

    // Sixty-four at once, of which some fit: each is told the truth about itself.
    let committed = join_all((0..64).map(|number| {
        let store = store.clone();
        async move { (number, store.documents.commit("p".to_owned(), put(format!("{number:02}"), 20)).await) }
    }));
    let mut kept = Vec::new();
    let mut refused = 0;
    for (number, outcome) in committed.await {
        match outcome {
            Ok(_) => kept.push(format!("{number:02}")),
            Err(CommitError::Store(Error { failure: Failure::Full(_), .. })) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 0);
    assert_eq!(names(&store).await, kept);

    // Fill what is left, with queue messages too.
    while store.documents.commit("p".to_owned(), put("filler".to_owned() + &kept.len().to_string(), 1)).await.is_ok() {
        kept.push("filler".to_owned() + &kept.len().to_string());
    }
    let sent = store.queue.send("q".to_owned(), Bytes::from(vec![7; 100_000]), Duration::ZERO).await;
    assert!(matches!(sent, Err(Error { failure: Failure::Full(_), .. })), "{sent:?}");
    assert_eq!(store.queue.depth("q".to_owned()).await.unwrap(), 0);

    // Room is made by deleting, and used.
    let gone = kept.remove(0);
    let delete = Change::Delete { name: gone, expect: Expect::Present };
    store.documents.commit("p".to_owned(), vec![delete]).await.unwrap();
    store.documents.commit("p".to_owned(), put("back".to_owned(), 15)).await.unwrap();
    kept.push("back".to_owned());
    kept.sort();
    assert_eq!(names(&store).await, kept);

    drop(store);
    let store = open_with(directory.path(), clock, TUNING).unwrap();
    assert_eq!(names(&store).await, kept);
    let back = store.documents.get(Key { partition: "p".to_owned(), name: "back".to_owned() }).await.unwrap();
    assert_eq!(back.unwrap().bytes, vec![7; 15 * 1024]);
}
