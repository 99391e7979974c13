//! What the child said, held against what the store has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use lanthorn_model::function::Sha256;
use lanthorn_store::Store;
use lanthorn_store::documents::Range;
use lanthorn_store::embedded::open;
use sha2::Digest;
use tokio::io::AsyncReadExt;

use crate::child::{NAMES, QUEUE, body, clock, round};

/// Everything acknowledged in all lives so far.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The last acknowledged round of each partition, and its revision.
    documents: BTreeMap<String, (u64, u64)>,
    /// Every revision ever acknowledged.
    revisions: BTreeSet<u64>,
    /// The greatest revision that was found in the store, or acknowledged, by the end of the last life.
    revision_floor: u64,
    sent: BTreeSet<String>,
    finishing: BTreeSet<String>,
    done: BTreeSet<String>,
    blobs: BTreeMap<Sha256, u64>,
    /// Lives in which something was acknowledged.
    lives: u64,
}

impl Ledger {
    /// Takes down what a life printed.
    pub(crate) fn note(&mut self, life: u64, lines: &[String]) {
        let mut acknowledged = 0;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            acknowledged += 1;
            match words[..] {
                ["doc", partition, round, revision] => {
                    let (round, revision) = (round.parse().unwrap(), revision.parse().unwrap());
                    assert!(revision > self.revision_floor, "life {life}: {revision} was used before: {line}");
                    assert!(self.revisions.insert(revision), "life {life}: {revision} twice");
                    let before = self.documents.insert(partition.to_owned(), (round, revision));
                    assert!(before.is_none_or(|before| before < (round, revision)), "life {life}: {line}");
                }
                ["sent", message] => assert!(self.sent.insert(message.to_owned()), "life {life}: {line}"),
                ["finishing", message] => {
                    // It may have been received before its sender was heard of.
                    self.finishing.insert(message.to_owned());
                }
                ["done", message] => {
                    assert!(self.done.insert(message.to_owned()), "life {life}: acknowledged twice: {line}");
                }
                ["blob", sha256, size] => {
                    self.blobs.insert(sha256.parse().unwrap(), size.parse().unwrap());
                }
                // The test harness's own.
                _ => acknowledged -= 1,
            }
        }
        self.lives += u64::from(acknowledged > 0);
    }

    /// Opens the store and compares.
    pub(crate) fn check(&mut self, life: u64, directory: &Path) {
        let store = open(directory, clock(life, 30)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            self.check_documents(life, &store).await;
            self.check_messages(life, &store).await;
            self.check_blobs(life, &store).await;
        });
        let incoming = std::fs::read_dir(directory.join("blobs/incoming")).unwrap();
        assert_eq!(incoming.count(), 0, "life {life}: half a blob is left behind");
    }

    async fn check_documents(&mut self, life: u64, store: &Store) {
        let mut partitions: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for document in store.documents.list(Range::default()).await.unwrap() {
            partitions.entry(document.key.partition.clone()).or_default().push(document);
        }
        for (partition, (acknowledged, revision)) in &self.documents {
            let found = partitions.get(partition).unwrap_or_else(|| panic!("life {life}: {partition} is lost"));
            let now = round(&found[0].bytes);
            assert!(now >= *acknowledged, "life {life}: {partition} fell back from {acknowledged} to {now}");
            let now_at = found[0].revision.0;
            assert!(now_at >= *revision && (now > *acknowledged || now_at == *revision), "life {life}: {partition}");
        }
        for (partition, found) in partitions {
            let now = round(&found[0].bytes);
            let mut names = NAMES.to_vec();
            names.extend((now % 2 == 1).then_some("odd"));
            assert_eq!(found.iter().map(|document| &document.key.name[..]).collect::<Vec<_>>(), names, "life {life}");
            let expected = body(&partition, now);
            for document in &found {
                assert_eq!(document.revision, found[0].revision, "life {life}: half a commit in {partition}");
                assert!(document.bytes == expected, "life {life}: {:?} is torn", document.key);
            }
            self.revision_floor = self.revision_floor.max(found[0].revision.0);
        }
        self.revision_floor = self.revision_floor.max(self.revisions.last().copied().unwrap_or(0));
    }

    async fn check_messages(&mut self, life: u64, store: &Store) {
        // Half an hour later every lease has ended; leases of no length leave all of them due.
        let leased = store.queue.lease(QUEUE.to_owned(), usize::MAX, Duration::ZERO).await.unwrap();
        let depth = store.queue.depth(QUEUE.to_owned()).await.unwrap();
        assert_eq!(depth, leased.len() as u64, "life {life}");
        let mut found = BTreeSet::new();
        for leased in leased {
            let message = String::from_utf8(leased.bytes.to_vec()).unwrap();
            assert!(!self.done.contains(&message), "life {life}: {message} came back");
            assert!(found.insert(message.clone()), "life {life}: {message} is there twice");
        }
        for lost in self.sent.difference(&found) {
            let may_be_gone = self.done.contains(lost) || self.finishing.contains(lost);
            assert!(may_be_gone, "life {life}: {lost} is lost");
        }
        // What was going but is there has not gone; what is gone unheard stays gone.
        let finishing = std::mem::take(&mut self.finishing);
        self.done.extend(finishing.difference(&found).cloned());
        // Sent unheard, and from now on known.
        self.sent.extend(found);
    }

    async fn check_blobs(&self, life: u64, store: &Store) {
        for (sha256, size) in &self.blobs {
            let found = store.blobs.get(*sha256).await.unwrap();
            let (mut reader, length) = found.unwrap_or_else(|| panic!("life {life}: {sha256} is lost"));
            assert_eq!(length, *size, "life {life}: {sha256}");
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).await.unwrap();
            assert!(Sha256::new(sha2::Sha256::digest(&bytes).into()) == *sha256, "life {life}: {sha256} is torn");
        }
    }

    /// A test in which nothing happened proves nothing.
    pub(crate) fn assert_worth_it(&self) {
        assert!(self.lives >= 24, "only {} lives came to anything", self.lives);
        assert!(self.revisions.len() > 200 && self.done.len() > 20 && self.blobs.len() > 10, "{self}");
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lives, {} commits, {} messages sent, {} done, {} blobs",
            self.lives,
            self.revisions.len(),
            self.sent.len(),
            self.done.len(),
            self.blobs.len()
        )
    }
}
