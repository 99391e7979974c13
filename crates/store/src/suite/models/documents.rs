//! The model of documents: a sorted map.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::Outcome;
use crate::documents::{Change, CommitError, Document, Expect, Key, Order, Range, Revision};
use crate::suite::Subject;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Commit { partition: &'static str, changes: Vec<(Kind, &'static str, Hope, u8)> },
    Get { partition: &'static str, name: &'static str },
    List { partition_prefix: &'static str, name_prefix: &'static str, after: Option<Key>, limit: usize, order: Order },
    Reopen,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Put,
    Delete,
    Require,
}

/// An expectation before it is known which revisions there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hope {
    Anything,
    Absent,
    Present,
    /// The revision it has.
    Now,
    /// One it had, or another document has.
    Once,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let partition = || prop::sample::select(vec!["a", "a/1", "a/2", "b"]);
    let name = || prop::sample::select(vec!["head", "v/1", "v/2", "z"]);
    let kind = prop_oneof![4 => Just(Kind::Put), 2 => Just(Kind::Delete), 1 => Just(Kind::Require)];
    let hope = prop_oneof![
        4 => Just(Hope::Anything),
        1 => Just(Hope::Absent),
        1 => Just(Hope::Present),
        2 => Just(Hope::Now),
        1 => Just(Hope::Once),
    ];
    let changes = prop::collection::vec((kind, name(), hope, any::<u8>()), 0..4);
    let after = prop::option::of((partition(), name()).prop_map(|(partition, name)| key(partition, name)));
    let order = prop::sample::select(vec![Order::Ascending, Order::Descending]);
    let prefixes = (prop::sample::select(vec!["", "a", "a/", "c"]), prop::sample::select(vec!["", "v/", "h", "y"]));
    let step = prop_oneof![
        8 => (partition(), changes).prop_map(|(partition, changes)| Step::Commit { partition, changes }),
        3 => (partition(), name()).prop_map(|(partition, name)| Step::Get { partition, name }),
        4 => (prefixes, after, 0..5_usize, order).prop_map(|((partition_prefix, name_prefix), after, limit, order)| {
            Step::List { partition_prefix, name_prefix, after, limit, order }
        }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

fn key(partition: &str, name: &str) -> Key {
    Key { partition: partition.to_owned(), name: name.to_owned() }
}

pub(super) async fn follow(subject: &mut impl Subject, steps: Vec<Step>) -> Outcome {
    let mut model = Model { documents: BTreeMap::new(), last: Revision(0) };
    for step in steps {
        let documents = &subject.store().documents;
        match step {
            Step::Commit { partition, changes } => {
                let changes = model.changes(partition, changes);
                let answer = documents.commit(partition.to_owned(), changes.clone()).await;
                model.commit(partition, changes, answer)?;
            }
            Step::Get { partition, name } => {
                let key = key(partition, name);
                prop_assert_eq!(documents.get(key.clone()).await.unwrap(), model.documents.get(&key).cloned());
            }
            Step::List { partition_prefix, name_prefix, after, limit, order } => {
                let range = Range {
                    partition_prefix: partition_prefix.to_owned(),
                    name_prefix: name_prefix.to_owned(),
                    after,
                    limit,
                    order,
                };
                let page = documents.list(range.clone()).await.unwrap();
                prop_assert_eq!(page, model.list(&range), "{:?}", range);
            }
            Step::Reopen => subject.reopen().await,
        }
    }
    Ok(())
}

struct Model {
    documents: BTreeMap<Key, Document>,
    /// The last commit's.
    last: Revision,
}

impl Model {
    /// Turns hopes into expectations of revisions.
    fn changes(&self, partition: &str, changes: Vec<(Kind, &'static str, Hope, u8)>) -> Vec<Change> {
        let expect = |name: &str, hope| match hope {
            Hope::Anything => Expect::Anything,
            Hope::Absent => Expect::Absent,
            Hope::Present => Expect::Present,
            Hope::Now => {
                self.documents.get(&key(partition, name)).map_or(Expect::Absent, |found| Expect::At(found.revision))
            }
            Hope::Once => Expect::At(Revision(self.last.0.saturating_sub(1))),
        };
        let change = |(kind, name, hope, byte): (Kind, &str, Hope, u8)| {
            let (expect, name) = (expect(name, hope), name.to_owned());
            match kind {
                Kind::Put => Change::Put { name, expect, bytes: Bytes::from(vec![byte; usize::from(byte)]) },
                Kind::Delete => Change::Delete { name, expect },
                Kind::Require => Change::Require { name, expect },
            }
        };
        changes.into_iter().map(change).collect()
    }

    /// Holds an answer against the model, and follows it.
    fn commit(&mut self, partition: &str, changes: Vec<Change>, answer: Result<Revision, CommitError>) -> Outcome {
        let mut after = self.documents.clone();
        let refused = changes.into_iter().find_map(|change| apply(&mut after, partition, change));
        match (answer, refused) {
            (Ok(revision), None) => {
                prop_assert!(revision > self.last, "{:?} after {:?}", revision, self.last);
                for document in after.values_mut().filter(|document| document.revision == PENDING) {
                    document.revision = revision;
                }
                self.documents = after;
                self.last = revision;
            }
            (Err(CommitError::Conflict { name }), Some(refused)) => prop_assert_eq!(name, refused),
            (answer, refused) => prop_assert!(false, "{:?}, but by the model {:?}", answer, refused),
        }
        Ok(())
    }

    fn list(&self, range: &Range) -> Vec<Document> {
        let mut all: Vec<Document> = self.documents.values().cloned().collect();
        if range.order == Order::Descending {
            all.reverse();
        }
        let is_beyond = |key: &Key| match (&range.after, range.order) {
            (None, _) => true,
            (Some(after), Order::Ascending) => key > after,
            (Some(after), Order::Descending) => key < after,
        };
        all.retain(|Document { key, .. }| {
            key.partition.starts_with(&range.partition_prefix)
                && key.name.starts_with(&range.name_prefix)
                && is_beyond(key)
        });
        all.truncate(if range.limit == 0 { usize::MAX } else { range.limit });
        all
    }
}

/// Stands for the revision that the commit under way will have.
const PENDING: Revision = Revision(u64::MAX);

/// Makes a change, or answers the name whose expectation does not hold.
fn apply(documents: &mut BTreeMap<Key, Document>, partition: &str, change: Change) -> Option<String> {
    let (Change::Put { name, expect, .. } | Change::Delete { name, expect } | Change::Require { name, expect }) =
        &change;
    let key = key(partition, name);
    let found = documents.get(&key).map(|document| document.revision);
    let holds = match expect {
        Expect::Anything => true,
        Expect::Absent => found.is_none(),
        Expect::Present => found.is_some(),
        Expect::At(revision) => found == Some(*revision),
    };
    if !holds {
        return Some(name.clone());
    }
    match change {
        Change::Put { bytes, .. } => {
            documents.insert(key.clone(), Document { key, revision: PENDING, bytes });
        }
        Change::Delete { .. } => {
            documents.remove(&key);
        }
        Change::Require { .. } => {}
    }
    None
}
