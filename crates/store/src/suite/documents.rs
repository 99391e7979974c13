//! Claims about documents: conflicts, atomicity, order, pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::future::join_all;

use super::Subject;
use crate::Documents;
use crate::documents::{Change, CommitError, Document, Expect, Key, Order, Range, Revision};

/// A change that writes `text` under `name`.
pub(super) fn put(name: &str, expect: Expect, text: &str) -> Change {
    Change::Put { name: name.to_owned(), expect, bytes: Bytes::copy_from_slice(text.as_bytes()) }
}

/// A change that removes `name`.
pub(super) fn delete(name: &str, expect: Expect) -> Change {
    Change::Delete { name: name.to_owned(), expect }
}

pub(super) fn key(partition: &str, name: &str) -> Key {
    Key { partition: partition.to_owned(), name: name.to_owned() }
}

async fn commit(documents: &Arc<dyn Documents>, partition: &str, changes: Vec<Change>) -> Revision {
    documents.commit(partition.to_owned(), changes).await.unwrap()
}

async fn text(documents: &Arc<dyn Documents>, partition: &str, name: &str) -> Option<String> {
    let document = documents.get(key(partition, name)).await.unwrap()?;
    Some(String::from_utf8(document.bytes.to_vec()).unwrap())
}

/// What was put is got, with the commit's revision; nothing else is.
pub async fn a_document_reads_as_it_was_written(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let binary = Bytes::from_iter(0..=255_u8);
    let change = Change::Put { name: "ü/\0'".to_owned(), expect: Expect::Anything, bytes: binary.clone() };
    let revision = commit(documents, "p'", vec![change]).await;
    let found = documents.get(key("p'", "ü/\0'")).await.unwrap();
    assert_eq!(found, Some(Document { key: key("p'", "ü/\0'"), revision, bytes: binary }));
    assert_eq!(documents.get(key("p'", "ü/")).await.unwrap(), None);
    assert_eq!(documents.get(key("p", "ü/\0'")).await.unwrap(), None);
    commit(documents, "p'", vec![put("empty", Expect::Absent, "")]).await;
    assert_eq!(text(documents, "p'", "empty").await.as_deref(), Some(""));
}

/// Each kind of expectation, met and unmet, alone and behind a change that would have been made.
pub async fn an_unmet_expectation_changes_nothing(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let first = commit(documents, "p", vec![put("there", Expect::Absent, "1")]).await;
    let second = commit(documents, "p", vec![put("there", Expect::At(first), "2")]).await;
    let refused = [
        put("there", Expect::Absent, "3"),
        put("there", Expect::At(first), "3"),
        put("nowhere", Expect::At(second), "3"),
        put("nowhere", Expect::Present, "3"),
        delete("there", Expect::At(first)),
        delete("there", Expect::Absent),
        delete("nowhere", Expect::Present),
    ];
    for change in refused {
        let (Change::Put { name: expected, .. } | Change::Delete { name: expected, .. }) = &change else {
            unreachable!("no other kind in the list")
        };
        let expected = expected.clone();
        let changes = vec![put("before", Expect::Anything, "x"), change.clone(), put("after", Expect::Anything, "x")];
        match documents.commit("p".to_owned(), changes).await {
            Err(CommitError::Conflict { name }) => assert_eq!(name, expected, "{change:?}"),
            other => panic!("{change:?}: {other:?}"),
        }
    }
    let all = documents.list(Range::default()).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].revision, &all[0].bytes[..]), (second, &b"2"[..]));
    commit(documents, "p", vec![delete("there", Expect::At(second)), delete("nowhere", Expect::Absent)]).await;
    assert_eq!(text(documents, "p", "there").await, None);
}

/// A name may be changed more than once; the last change stands.
pub async fn changes_of_a_commit_see_those_before_them(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let changes = vec![
        put("a", Expect::Absent, "1"),
        put("a", Expect::Present, "2"),
        delete("a", Expect::Present),
        put("a", Expect::Absent, "3"),
        put("b", Expect::Absent, "1"),
        delete("b", Expect::Anything),
    ];
    commit(documents, "p", changes).await;
    assert_eq!(text(documents, "p", "a").await.as_deref(), Some("3"));
    assert_eq!(text(documents, "p", "b").await, None);
}

/// `Require` lets a commit stand or fall with a document it leaves alone.
pub async fn a_requirement_holds_a_commit_back(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let require = |expect| Change::Require { name: "version".to_owned(), expect };
    let alias = |expect| vec![require(expect), put("alias", Expect::Anything, "1")];
    let refused = documents.commit("p".to_owned(), alias(Expect::Present)).await;
    assert!(matches!(refused, Err(CommitError::Conflict { name }) if name == "version"));
    let revision = commit(documents, "p", vec![put("version", Expect::Absent, "v")]).await;
    commit(documents, "p", alias(Expect::At(revision))).await;
    let version = documents.get(key("p", "version")).await.unwrap().unwrap();
    assert_eq!(version.revision, revision, "a requirement is not a change");
}

/// Also across restarts, also after refused commits and removals.
pub async fn revisions_grow_and_are_never_used_twice(subject: &mut impl Subject) {
    let mut last = Revision(0);
    for round in 0..4 {
        let documents = &subject.store().documents;
        for (partition, changes) in [
            ("p", vec![put("a", Expect::Anything, "x"), put("b", Expect::Anything, "x")]),
            ("q", vec![put("a", Expect::Anything, "x")]),
            ("p", vec![delete("a", Expect::Present)]),
            ("p", vec![delete("nothing", Expect::Anything)]),
        ] {
            let revision = commit(documents, partition, changes).await;
            assert!(revision > last, "round {round}: {revision:?} after {last:?}");
            last = revision;
        }
        assert!(documents.commit("p".to_owned(), vec![put("b", Expect::Absent, "x")]).await.is_err());
        subject.reopen().await;
    }
}

/// Read, add one, put back at the revision read: no addition is lost, whoever else adds.
pub async fn one_of_many_writers_wins_each_round(subject: &mut impl Subject) {
    const WRITERS: usize = 16;
    const ROUNDS: usize = 10;
    let documents = &subject.store().documents;
    commit(documents, "p", vec![put("sum", Expect::Absent, "0")]).await;
    let adders = (0..WRITERS).map(|_| {
        let documents = Arc::clone(documents);
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                loop {
                    let found = documents.get(key("p", "sum")).await.unwrap().unwrap();
                    let sum: usize = std::str::from_utf8(&found.bytes).unwrap().parse().unwrap();
                    let change = put("sum", Expect::At(found.revision), &(sum + 1).to_string());
                    match documents.commit("p".to_owned(), vec![change]).await {
                        Ok(_) => break,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        })
    });
    for adder in join_all(adders).await {
        adder.unwrap();
    }
    assert_eq!(text(documents, "p", "sum").await, Some((WRITERS * ROUNDS).to_string()));
}

/// Two documents that every commit makes equal are equal in every page.
pub async fn nobody_sees_half_a_commit(subject: &mut impl Subject) {
    let documents = Arc::clone(&subject.store().documents);
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (documents, done) = (Arc::clone(&documents), Arc::clone(&done));
        async move {
            for round in 0..100 {
                let text = round.to_string();
                let changes = vec![put("a", Expect::Anything, &text), put("b", Expect::Anything, &text)];
                commit(&documents, "p", changes).await;
            }
            done.store(true, Ordering::SeqCst);
        }
    });
    while !done.load(Ordering::SeqCst) {
        let page = documents.list(Range { partition_prefix: "p".to_owned(), ..Range::default() }).await.unwrap();
        if let [a, b] = &page[..] {
            assert_eq!((a.revision, &a.bytes), (b.revision, &b.bytes));
        } else {
            assert!(page.is_empty(), "{page:?}");
        }
    }
    writer.await.unwrap();
}

/// Prefixes of partition and name, limits and both orders, against a sorted list.
pub async fn pages_in_either_order_make_up_the_whole(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    let partitions = ["a", "a/", "a/x", "a/y", "a0", "ab", "b", "ä", "\u{10ffff}", "\u{10ffff}x"];
    let names = ["", "head", "headless", "version/1", "version/2", "versionless", "\u{10ffff}"];
    for partition in partitions {
        commit(documents, partition, names.map(|name| put(name, Expect::Absent, name)).to_vec()).await;
    }
    for order in [Order::Ascending, Order::Descending] {
        for partition_prefix in ["", "a", "a/", "b", "c", "ä", "\u{10ffff}"] {
            for name_prefix in ["", "head", "version/", "nothing", "\u{10ffff}"] {
                let mut expected: Vec<Key> = partitions
                    .iter()
                    .filter(|partition| partition.starts_with(partition_prefix))
                    .flat_map(|partition| names.map(|name| key(partition, name)))
                    .filter(|key| key.name.starts_with(name_prefix))
                    .collect();
                expected.sort();
                if order == Order::Descending {
                    expected.reverse();
                }
                for limit in [0, 1, 3, 1000] {
                    let range = Range {
                        partition_prefix: partition_prefix.to_owned(),
                        name_prefix: name_prefix.to_owned(),
                        after: None,
                        limit,
                        order,
                    };
                    assert_eq!(all_pages(documents, range.clone()).await, expected, "{range:?}");
                }
            }
        }
    }
    // A key that is not there, or outside the prefix, is as good a place to go on from as any.
    for (after, order, expected) in [
        (key("a/x", "i"), Order::Ascending, Some(key("a/x", "version/1"))),
        (key("a/x", "i"), Order::Descending, Some(key("a/x", "headless"))),
        (key("A", ""), Order::Ascending, Some(key("a/", ""))),
        (key("A", ""), Order::Descending, None),
        (key("z", ""), Order::Ascending, None),
        (key("z", ""), Order::Descending, Some(key("a/y", "\u{10ffff}"))),
    ] {
        let range =
            Range { partition_prefix: "a/".to_owned(), after: Some(after), limit: 1, order, ..Range::default() };
        let page = documents.list(range.clone()).await.unwrap();
        assert_eq!(page.first().map(|document| document.key.clone()), expected, "{range:?}");
    }
}

/// The keys of all pages of `range`, each begun where the last ended.
async fn all_pages(documents: &Arc<dyn Documents>, mut range: Range) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    loop {
        let page = documents.list(range.clone()).await.unwrap();
        assert!(range.limit == 0 || page.len() <= range.limit, "a page of {} for {range:?}", page.len());
        keys.extend(page.into_iter().map(|document| document.key));
        if range.limit == 0 || range.after.as_ref() == keys.last() {
            return keys;
        }
        range.after = keys.last().cloned();
    }
}

/// Bytes and revisions, as they were.
pub async fn documents_survive_a_restart(subject: &mut impl Subject) {
    let documents = &subject.store().documents;
    for round in 0..20 {
        commit(documents, &format!("p{round}"), vec![put("a", Expect::Absent, &round.to_string())]).await;
    }
    commit(documents, "p7", vec![delete("a", Expect::Present)]).await;
    let before = documents.list(Range::default()).await.unwrap();
    assert_eq!(before.len(), 19);
    subject.reopen().await;
    assert_eq!(subject.store().documents.list(Range::default()).await.unwrap(), before);
}
