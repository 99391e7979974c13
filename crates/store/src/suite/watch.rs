//! Claims about watches: nothing missed, nothing twice, in order, whatever the pace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::BoxStream;
use tokio::time::timeout;

use super::Subject;
use super::documents::{delete, key, put};
use crate::documents::{Document, Event, Expect, Key, Range, Revision};
use crate::{Documents, Error};

/// Far more than any engine needs; a watch that misses something would wait for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// The documents that tell a watcher that a test is over: the last changes, of the greatest keys. Two,
/// because the first may be found by a reading that began before it, with older changes still to come.
const ENDS: [&str; 2] = ["~end", "~end again"];

type Watch = BoxStream<'static, Result<Event, Error>>;

async fn next(watch: &mut Watch) -> Event {
    timeout(PATIENCE, watch.next()).await.expect("something comes").expect("the watch goes on").unwrap()
}

/// What a watcher believes, and a check of all that it hears.
#[derive(Default)]
struct Belief {
    documents: BTreeMap<Key, Document>,
    /// The last revision heard of each key, removals included.
    heard: BTreeMap<Key, Revision>,
    is_caught_up: bool,
}

impl Belief {
    fn hear(&mut self, event: Event) {
        let (key, revision) = match &event {
            Event::Put(document) => (document.key.clone(), document.revision),
            Event::Deleted { key, revision } => (key.clone(), *revision),
            Event::CaughtUp => {
                assert!(!self.is_caught_up, "it comes once");
                self.is_caught_up = true;
                return;
            }
        };
        let before = self.heard.insert(key.clone(), revision);
        assert!(before.is_none_or(|before| before < revision), "{event:?} after {before:?}");
        match event {
            Event::Put(document) => self.documents.insert(key, document),
            Event::Deleted { .. } => self.documents.remove(&key),
            Event::CaughtUp => None,
        };
    }

    async fn hear_until(&mut self, end: &str, watch: &mut Watch) {
        while !self.documents.keys().any(|key| key.name == end) || !self.is_caught_up {
            self.hear(next(watch).await);
        }
    }

    async fn assert_true(&self, documents: &Arc<dyn Documents>, prefix: &str) {
        let range = Range { partition_prefix: prefix.to_owned(), ..Range::default() };
        let truth = documents.list(range).await.unwrap();
        assert_eq!(self.documents.values().cloned().collect::<Vec<_>>(), truth);
    }
}

/// The plain course of things, to the letter.
pub async fn a_watch_tells_what_is_there_then_what_changes(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let first = documents
        .commit("p".to_owned(), vec![put("a", Expect::Absent, "1"), put("b", Expect::Absent, "2")])
        .await
        .unwrap();
    let mut watch = documents.watch("p".to_owned());
    let document = |name: &str, revision, text: &'static str| {
        Event::Put(Document { key: key("p", name), revision, bytes: text.into() })
    };
    assert_eq!(next(&mut watch).await, document("a", first, "1"));
    assert_eq!(next(&mut watch).await, document("b", first, "2"));
    assert_eq!(next(&mut watch).await, Event::CaughtUp);
    for text in ["3", "4", "5"] {
        documents.commit("p".to_owned(), vec![put("a", Expect::Anything, text)]).await.unwrap();
    }
    let changes = vec![delete("b", Expect::Present), delete("never", Expect::Anything), put("c", Expect::Absent, "6")];
    let last = documents.commit("p".to_owned(), changes).await.unwrap();
    for text in ["3", "4", "5"] {
        match next(&mut watch).await {
            Event::Put(heard) => assert_eq!((heard.key, &heard.bytes[..]), (key("p", "a"), text.as_bytes())),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(next(&mut watch).await, Event::Deleted { key: key("p", "b"), revision: last });
    assert_eq!(next(&mut watch).await, document("c", last, "6"));
}

/// A prefix is of the partition's text; the empty one is everything.
pub async fn a_watch_hears_only_its_prefix(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let mut narrow = documents.watch("f/".to_owned());
    let mut wide = documents.watch(String::new());
    assert_eq!(next(&mut narrow).await, Event::CaughtUp);
    assert_eq!(next(&mut wide).await, Event::CaughtUp);
    for partition in ["f", "g/1", "f/1", "e", "f/", "f0"] {
        documents.commit(partition.to_owned(), vec![put("a", Expect::Absent, "x")]).await.unwrap();
    }
    let heard = async |watch: &mut Watch| match next(watch).await {
        Event::Put(document) => document.key.partition,
        other => panic!("{other:?}"),
    };
    for expected in ["f/1", "f/"] {
        assert_eq!(heard(&mut narrow).await, expected);
    }
    for expected in ["f", "g/1", "f/1", "e", "f/", "f0"] {
        assert_eq!(heard(&mut wide).await, expected);
    }
}

/// Watches that begin before, during and after the writing all end with what is there.
pub async fn a_watch_under_concurrent_writes_builds_the_truth(subject: &mut impl Subject) {
    const WRITERS: usize = 8;
    let documents = Arc::clone(&subject.store().documents);
    let writers = (0..WRITERS).map(|writer| {
        let documents = Arc::clone(&documents);
        tokio::spawn(async move {
            for round in 0..120_usize {
                let partition = format!("p{}", (writer + round) % 5);
                let name = format!("{}", (writer * 31 + round * 17) % 400);
                let change = match round % 4 {
                    3 => delete(&name, Expect::Anything),
                    _ => put(&name, Expect::Anything, &format!("{writer}.{round}")),
                };
                documents.commit(partition, vec![change]).await.unwrap();
            }
        })
    });
    let watchers = (0..6_usize).map(|late| {
        let documents = Arc::clone(&documents);
        tokio::spawn(async move {
            let mut seen = documents.watch("p".to_owned());
            // Each begins at another point of the writing.
            for _ in 0..late * 50 {
                next(&mut seen).await;
            }
            let mut watch = documents.watch("p".to_owned());
            drop(seen);
            let mut belief = Belief::default();
            belief.hear_until(ENDS[0], &mut watch).await;
            (belief, watch)
        })
    });
    let watchers: Vec<_> = watchers.collect();
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    documents.commit("p~".to_owned(), vec![put(ENDS[0], Expect::Absent, "")]).await.unwrap();
    let watchers = join_all(watchers).await;
    documents.commit("p~".to_owned(), vec![put(ENDS[1], Expect::Absent, "")]).await.unwrap();
    for watcher in watchers {
        let (mut belief, mut watch) = watcher.unwrap();
        belief.hear_until(ENDS[1], &mut watch).await;
        belief.assert_true(&documents, "p").await;
    }
}

/// More changes than any engine buffers, unheard; then all of them matter.
pub async fn a_watcher_that_lags_still_builds_the_truth(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let many = |round: usize| {
        let name = move |number: usize| format!("{number:04}");
        (0..1000).map(move |number| match (number + round) % 7 {
            0 => delete(&name(number), Expect::Anything),
            _ => put(&name(number), Expect::Anything, &round.to_string()),
        })
    };
    documents.commit("p".to_owned(), many(0).collect()).await.unwrap();
    let mut watch = documents.watch("p".to_owned());
    let mut belief = Belief::default();
    while !belief.is_caught_up {
        belief.hear(next(&mut watch).await);
    }
    for round in 1..12 {
        documents.commit("p".to_owned(), many(round).collect()).await.unwrap();
        if round == 6 {
            // In the middle of catching up the next lag begins.
            for _ in 0..10 {
                belief.hear(next(&mut watch).await);
            }
        }
    }
    for end in ENDS {
        documents.commit("p~".to_owned(), vec![put(end, Expect::Absent, "")]).await.unwrap();
        belief.hear_until(end, &mut watch).await;
    }
    belief.assert_true(documents, "p").await;
}

/// It does not keep the store open, and says so by ending.
pub async fn a_watch_ends_when_the_store_is_closed(subject: &mut impl Subject) {
    let mut watch = subject.store().documents.watch("p".to_owned());
    assert_eq!(next(&mut watch).await, Event::CaughtUp);
    subject.store().documents.commit("p".to_owned(), vec![put("a", Expect::Absent, "x")]).await.unwrap();
    subject.reopen().await;
    assert!(matches!(next(&mut watch).await, Event::Put(_)), "what was durable is still told");
    assert!(timeout(PATIENCE, watch.next()).await.expect("the watch ends").is_none());
}
