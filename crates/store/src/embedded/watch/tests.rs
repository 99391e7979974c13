//! Watches with hardly any room, so that every lag and every page boundary is met.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use jiff::Timestamp;
use lanthorn_model::clock::ManualClock;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::Bounds;
use crate::documents::{Change, Document, Event, Expect, Key, Range, Revision};
use crate::embedded::{Tuning, open_with};
use crate::{Documents, Error, Failure, Store};

const TIGHT: Bounds =
    Bounds { letters_max: 3, bytes_max: 40, gone_max: 1000, page_documents_max: 2, page_bytes_max: 30 };

type Watch = BoxStream<'static, Result<Event, Error>>;

fn store(bounds: Bounds) -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = open_with(directory.path(), clock, Tuning { mailbox: bounds, ..Tuning::default() }).unwrap();
    (store, directory)
}

fn put(name: &str, length: usize) -> Change {
    Change::Put { name: name.to_owned(), expect: Expect::Anything, bytes: Bytes::from(vec![b'x'; length]) }
}

fn delete(name: &str) -> Change {
    Change::Delete { name: name.to_owned(), expect: Expect::Anything }
}

#[derive(Clone, Debug)]
enum Step {
    Commit { partition: u8, changes: Vec<(u8, Option<u8>)> },
    Hear(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (0..6_u8, prop::option::weighted(0.65, 0..20_u8));
    let commit = (0..3_u8, prop::collection::vec(change, 1..4))
        .prop_map(|(partition, changes)| Step::Commit { partition, changes });
    prop::collection::vec(prop_oneof![3 => commit, 2 => (1..6_u8).prop_map(Step::Hear)], 1..60)
}

/// What a watcher has made of what it heard.
#[derive(Default)]
struct Belief {
    documents: BTreeMap<Key, Document>,
    heard: BTreeMap<Key, Revision>,
    /// After catching up, in the order heard.
    changes: Vec<(Key, Revision)>,
    is_caught_up: bool,
}

impl Belief {
    fn hear(&mut self, event: Event) -> Result<(), TestCaseError> {
        let (key, revision) = match &event {
            Event::Put(document) => (document.key.clone(), document.revision),
            Event::Deleted { key, revision } => (key.clone(), *revision),
            Event::CaughtUp => {
                prop_assert!(!self.is_caught_up);
                self.is_caught_up = true;
                return Ok(());
            }
        };
        let before = self.heard.insert(key.clone(), revision);
        prop_assert!(before.is_none_or(|before| before < revision), "{:?} after {:?}", event, before);
        if self.is_caught_up {
            self.changes.push((key.clone(), revision));
        }
        match event {
            Event::Put(document) => self.documents.insert(key, document),
            _ => self.documents.remove(&key),
        };
        Ok(())
    }

    /// Hears on until `name` was told. It has to be the greatest of the keys and the last commit; and
    /// what is heard before may be a scan that began before it, with a lag yet to be made up. Hence twice.
    async fn hear_the(&mut self, name: &str, watch: &mut Watch) -> Result<(), TestCaseError> {
        while !(self.is_caught_up && self.documents.keys().any(|key| key.name == name)) {
            self.hear(watch.next().await.unwrap().unwrap())?;
        }
        Ok(())
    }
}

/// Runs `steps` under a watch, to the end, and answers what it heard and every change made since it had
/// caught up.
async fn follow(
    documents: &Arc<dyn Documents>,
    steps: Vec<Step>,
) -> Result<(Belief, Vec<(Key, Revision)>), TestCaseError> {
    for partition in 0..3 {
        let changes = ["1", "3", "4", "5"].map(|name| put(name, 5)).to_vec();
        documents.commit(format!("p{partition}"), changes).await.unwrap();
    }
    let mut watch = documents.watch("p".to_owned());
    let mut belief = Belief::default();
    let mut made = Vec::new();
    for step in steps {
        match step {
            Step::Commit { partition, changes } => {
                let partition = format!("p{partition}");
                let before = documents.list(Range::default()).await.unwrap();
                let changes: BTreeMap<String, Option<u8>> =
                    changes.into_iter().map(|(name, length)| (name.to_string(), length)).collect();
                let list = changes.iter().map(|(name, length)| match length {
                    Some(length) => put(name, usize::from(*length)),
                    None => delete(name),
                });
                let revision = documents.commit(partition.clone(), list.collect()).await.unwrap();
                for (name, length) in changes {
                    let key = Key { partition: partition.clone(), name };
                    let is_change = length.is_some() || before.iter().any(|document| document.key == key);
                    if belief.is_caught_up && is_change {
                        made.push((key, revision));
                    }
                }
            }
            Step::Hear(events) => {
                for _ in 0..events {
                    // No more than there is: a watch with nothing to tell waits.
                    match futures::poll!(watch.next()) {
                        std::task::Poll::Ready(event) => belief.hear(event.unwrap().unwrap())?,
                        std::task::Poll::Pending => tokio::task::yield_now().await,
                    }
                }
            }
        }
    }
    for name in ["end", "end again"] {
        let last = documents.commit("p~".to_owned(), vec![put(name, 0)]).await.unwrap();
        if belief.is_caught_up {
            made.push((Key { partition: "p~".to_owned(), name: name.to_owned() }, last));
        }
        belief.hear_the(name, &mut watch).await?;
    }
    let truth = documents.list(Range::default()).await.unwrap();
    prop_assert_eq!(belief.documents.values().cloned().collect::<Vec<_>>(), truth);
    Ok((belief, made))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_hardly_any_room_the_truth_comes_out(steps in steps()) {
        let (store, _directory) = store(TIGHT);
        run(follow(&store.documents, steps))?;
    }

    #[test]
    fn with_room_every_single_change_is_told_in_order(steps in steps()) {
        let (store, _directory) = store(Bounds { page_documents_max: 2, ..Bounds::default() });
        let (belief, made) = run(follow(&store.documents, steps))?;
        // What was committed while it caught up may come first.
        let first = belief.changes.len().checked_sub(made.len());
        prop_assert!(first.is_some_and(|first| belief.changes[first..] == made), "{:?} of {:?}", belief.changes, made);
    }
}

#[tokio::test]
async fn a_watcher_beyond_all_bounds_is_told_to_begin_again() {
    let (store, _directory) = store(Bounds { gone_max: 5, ..TIGHT });
    let documents = &store.documents;
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    documents.commit("p".to_owned(), names.iter().map(|name| put(name, 1)).collect()).await.unwrap();
    let mut watch = documents.watch("p".to_owned());
    while watch.next().await.unwrap().unwrap() != Event::CaughtUp {}
    documents.commit("p".to_owned(), names.iter().map(|name| delete(name)).collect()).await.unwrap();
    let error = watch.next().await.unwrap().unwrap_err();
    assert!(matches!(error.failure, Failure::Lagged), "{error:?}");
    assert!(watch.next().await.is_none());
    let mut again = documents.watch("p".to_owned());
    assert_eq!(again.next().await.unwrap().unwrap(), Event::CaughtUp);
}
