//! From the writer to the watchers: one bounded mailbox each.
//!
//! The writer never waits for a watcher. A commit that does not fit into a mailbox makes its watcher
//! lag: from then on the mailbox notes which keys went (a scan cannot find those) and nothing else,
//! until the watcher has emptied it and comes to ask what it missed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::documents::{Key, Revision};

/// A commit that is durable.
#[derive(Debug)]
pub(in crate::embedded) struct Committed {
    /// Its revision.
    pub(in crate::embedded) revision: Revision,
    /// Where it was made.
    pub(in crate::embedded) partition: String,
    /// What each changed document holds now; none: it is gone.
    pub(in crate::embedded) outcome: BTreeMap<String, Option<Bytes>>,
}

/// How much memory a watcher may take, and how much it may fall behind.
#[derive(Clone, Copy, Debug)]
pub(in crate::embedded) struct Bounds {
    /// Changes in a mailbox.
    pub(in crate::embedded) letters_max: usize,
    /// Bytes of documents in a mailbox.
    pub(in crate::embedded) bytes_max: usize,
    /// Keys that went while a watcher lagged; beyond, its watch ends with an error.
    pub(in crate::embedded) gone_max: usize,
    /// Documents in one page of its reading.
    pub(in crate::embedded) page_documents_max: usize,
    /// Bytes of documents after which such a page is cut.
    pub(in crate::embedded) page_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            letters_max: 4096,
            bytes_max: 8 * 1024 * 1024,
            gone_max: 65_536,
            page_documents_max: 256,
            page_bytes_max: 4 * 1024 * 1024,
        }
    }
}

/// Where commits are told and watchers register.
#[derive(Debug)]
pub(in crate::embedded) struct Hub {
    bounds: Bounds,
    mailboxes: Mutex<Vec<Arc<Mailbox>>>,
    /// Every commit up to this is in the mailboxes it concerns.
    published: watch::Sender<Revision>,
}

impl Hub {
    /// A hub of a store in which `counter` is the last number given out.
    pub(in crate::embedded) fn new(bounds: Bounds, counter: u64) -> Self {
        Self { bounds, mailboxes: Mutex::new(Vec::new()), published: watch::Sender::new(Revision(counter)) }
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Puts commits, in their order, into the mailboxes they concern. They are all there are up to `counter`.
    pub(in crate::embedded) fn publish(&self, commits: &[Committed], counter: u64) {
        for mailbox in self.mailboxes.lock().iter() {
            mailbox.deliver(commits);
        }
        self.published.send_replace(Revision(counter));
    }

    /// Ends every watch, after what it has in its mailbox.
    pub(in crate::embedded) fn close(&self) {
        for mailbox in self.mailboxes.lock().iter() {
            mailbox.state.lock().is_closed = true;
            mailbox.arrival.notify_one();
        }
    }

    /// Resolves when every commit up to `revision` is in the mailboxes it concerns. What a reader saw is
    /// published a moment later.
    pub(super) async fn published(&self, revision: Revision) {
        // It fails only without a sender, and that is ours.
        let _ = self.published.subscribe().wait_for(|published| *published >= revision).await;
    }

    /// A mailbox for everything under `prefix` that is published from now on.
    pub(super) fn register(&self, prefix: &str) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox {
            prefix: prefix.to_owned(),
            bounds: self.bounds,
            state: Mutex::default(),
            arrival: Notify::new(),
        });
        self.mailboxes.lock().push(Arc::clone(&mailbox));
        mailbox
    }

    /// Delivers no more to `mailbox`.
    pub(super) fn forget(&self, mailbox: &Arc<Mailbox>) {
        self.mailboxes.lock().retain(|other| !Arc::ptr_eq(other, mailbox));
    }
}

/// A change of one document.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) key: Key,
    pub(super) revision: Revision,
    /// None: it is gone.
    pub(super) bytes: Option<Bytes>,
}

/// What a watcher missed.
#[derive(Debug)]
pub(super) struct Lag {
    /// The first commit it missed came right after this revision.
    pub(super) since: Revision,
    /// The keys that went after it, and when. They may have come back.
    pub(super) gone: BTreeMap<Key, Revision>,
}

/// What a mailbox has for its watcher.
pub(super) enum Received {
    /// Changes, in their order.
    Letters(VecDeque<Letter>),
    /// Something was missed; from now on letters are kept again.
    Lag(Lag),
    /// More was missed than can be told.
    Lost,
    /// Nothing yet.
    Nothing,
    /// Nothing, ever again.
    Closed,
}

/// One watcher's.
#[derive(Debug)]
pub(super) struct Mailbox {
    prefix: String,
    bounds: Bounds,
    state: Mutex<State>,
    arrival: Notify,
}

#[derive(Debug, Default)]
struct State {
    letters: VecDeque<Letter>,
    /// Bytes in `letters`.
    bytes: usize,
    /// Set by the first commit that did not fit; younger than all `letters`.
    lag: Option<Lag>,
    /// `lag` grew beyond its bound.
    is_lost: bool,
    is_closed: bool,
}

impl Mailbox {
    /// Resolves when something came since the last [`Mailbox::receive`] that found nothing.
    pub(super) async fn arrival(&self) {
        self.arrival.notified().await;
    }

    /// What came, the oldest first.
    pub(super) fn receive(&self) -> Received {
        let mut state = self.state.lock();
        if !state.letters.is_empty() {
            return Received::Letters(state.take_letters());
        }
        if state.is_lost {
            return Received::Lost;
        }
        match (state.lag.take(), state.is_closed) {
            (Some(lag), _) => Received::Lag(lag),
            (None, true) => Received::Closed,
            (None, false) => Received::Nothing,
        }
    }

    /// The letters alone.
    pub(super) fn letters(&self) -> VecDeque<Letter> {
        self.state.lock().take_letters()
    }

    fn deliver(&self, commits: &[Committed]) {
        let mut concerned = commits
            .iter()
            .filter(|commit| !commit.outcome.is_empty() && commit.partition.starts_with(&self.prefix))
            .peekable();
        if concerned.peek().is_none() {
            return;
        }
        let mut state = self.state.lock();
        for commit in concerned {
            state.add(commit, &self.bounds);
        }
        drop(state);
        self.arrival.notify_one();
    }
}

impl State {
    fn take_letters(&mut self) -> VecDeque<Letter> {
        self.bytes = 0;
        std::mem::take(&mut self.letters)
    }

    /// A commit goes in whole or not at all: the watcher re-reads from revision to revision.
    fn add(&mut self, commit: &Committed, bounds: &Bounds) {
        let bytes: usize = commit.outcome.values().flatten().map(Bytes::len).sum();
        let fits =
            self.letters.len() + commit.outcome.len() <= bounds.letters_max && self.bytes + bytes <= bounds.bytes_max;
        if self.lag.is_none() && fits {
            self.bytes += bytes;
            self.letters.extend(commit.outcome.iter().map(|(name, bytes)| Letter {
                key: commit.key(name),
                revision: commit.revision,
                bytes: bytes.clone(),
            }));
            return;
        }
        let since = Revision(commit.revision.0 - 1);
        let lag = self.lag.get_or_insert_with(|| Lag { since, gone: BTreeMap::new() });
        for (name, bytes) in &commit.outcome {
            match bytes {
                Some(_) => lag.gone.remove(&commit.key(name)),
                None => lag.gone.insert(commit.key(name), commit.revision),
            };
        }
        if lag.gone.len() > bounds.gone_max {
            lag.gone.clear();
            self.is_lost = true;
        }
    }
}

impl Committed {
    fn key(&self, name: &str) -> Key {
        Key { partition: self.partition.clone(), name: name.to_owned() }
    }
}
