//! Watching: a snapshot, then every change, and a bounded memory of both.
//!
//! ```text
//!   writer ── after the fsync ──► Hub ──► Mailbox (per watcher, bounded)
//!                                             │ full? keep only "since when" and which keys went
//!                                             ▼
//!   Follower:  Scan ── the last page ──► Live ── lagged ──► Scan (only what changed since) ──► Live …
//! ```
//!
//! A mailbox is registered before the first page is read, so whatever is committed is in a page, in the
//! mailbox, or in both, never in neither. The "both" is settled page by page. A page shows the store as
//! of one revision. When the mailbox has everything up to it, too, its letters fall into two parts:
//!
//! ```text
//!             letters up to the page's revision       the page       letters after it
//!   keys
//!    scanned  told                                       —           told
//!    in page  removals told, puts are in the page      its puts      told
//!    beyond   removals told, puts left to later pages    —           the same
//! ```
//!
//! (In a first scan nothing beyond was ever told, so its removals are not either.) Pages are short reads:
//! no read transaction stays open while a watcher is slow, so none keeps the log from being folded into
//! the database. After a lag in the middle of a scan a second one meets pages that were told already;
//! [`Told`] knows which.

mod hub;
#[cfg(test)]
mod tests;
mod told;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use futures::stream::{BoxStream, StreamExt, unfold};

pub(super) use self::hub::{Bounds, Committed, Hub};
use self::hub::{Letter, Mailbox, Received};
use self::told::Told;
use super::Engine;
use super::documents::{Page, changed_page};
use crate::documents::{Document, Event, Key, Revision};
use crate::{Error, Failure};

/// What errors of a watch say we were doing.
const DOING: &str = "follow documents";

/// The stream behind [`Documents::watch`](crate::Documents::watch).
pub(super) fn follow(engine: &Arc<Engine>, prefix: String) -> BoxStream<'static, Result<Event, Error>> {
    let follower = Follower {
        engine: Arc::downgrade(engine),
        mailbox: engine.hub.register(&prefix),
        hub: Arc::clone(&engine.hub),
        prefix,
        told: Told::default(),
        phase: Phase::Scan { after: None, since: Revision(0) },
        is_caught_up: false,
        ready: VecDeque::new(),
    };
    unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        match follower.next().await {
            Some(Ok(event)) => Some((Ok(event), Some(follower))),
            Some(Err(error)) => Some((Err(error), None)),
            None => None,
        }
    })
    .boxed()
}

/// One watcher.
struct Follower {
    /// Not kept alive by its watchers: the streams end when the store is closed.
    engine: Weak<Engine>,
    mailbox: Arc<Mailbox>,
    hub: Arc<Hub>,
    prefix: String,
    told: Told,
    phase: Phase,
    /// Whether the first scan is over.
    is_caught_up: bool,
    /// To be told next. Never more than a page and a mailbox hold.
    ready: VecDeque<Event>,
}

enum Phase {
    /// Reading the documents that changed after `since`, up to now as far as `after`.
    Scan { after: Option<Key>, since: Revision },
    /// Everything has been read; changes come by the mailbox.
    Live,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.forget(&self.mailbox);
    }
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            match &self.phase {
                Phase::Scan { after, since } => {
                    let (after, since) = (after.clone(), *since);
                    match self.read(after.clone(), since).await? {
                        Ok(page) => self.turn(after, since, page),
                        Err(error) => return Some(Err(error)),
                    }
                }
                Phase::Live => match self.mailbox.receive() {
                    Received::Letters(letters) => letters.into_iter().for_each(|letter| {
                        self.told.settle(letter.revision);
                        self.tell(letter);
                    }),
                    Received::Lag(lag) => {
                        self.told.skip_to(lag.since);
                        for (key, revision) in lag.gone {
                            self.tell(Letter { key, revision, bytes: None });
                        }
                        self.phase = Phase::Scan { after: None, since: lag.since };
                    }
                    Received::Lost => return Some(Err(Error { doing: DOING, failure: Failure::Lagged })),
                    Received::Closed => return None,
                    Received::Nothing => self.mailbox.arrival().await,
                },
            }
        }
    }

    /// Reads the next page, and waits until the mailbox is as new as it. None: the store is closed.
    async fn read(&self, after: Option<Key>, since: Revision) -> Option<Result<Page, Error>> {
        let engine = self.engine.upgrade()?;
        let (prefix, bounds) = (self.prefix.clone(), self.hub.bounds());
        let query = move |connection: &rusqlite::Transaction<'_>| {
            changed_page(connection, &prefix, after.as_ref(), since, bounds)
        };
        let page = engine.readers.read(DOING, query).await;
        if let Ok(page) = &page {
            self.hub.published(page.as_of).await;
        }
        Some(page)
    }

    /// Takes over a page of the keys after `after`, as the drawing above has it.
    fn turn(&mut self, after: Option<Key>, since: Revision, page: Page) {
        let (as_of, more) = (page.as_of, page.more);
        let (until, beyond): (Vec<_>, Vec<_>) =
            self.mailbox.letters().into_iter().partition(|letter| letter.revision <= as_of);
        self.tell_during_scan(until, |key| after.as_ref().is_some_and(|after| key <= after));
        let last = page.documents.last().map(|document| document.key.clone()).filter(|_| more);
        for document in page.documents {
            if document.revision > self.told.at(&document.key) {
                self.ready.push_back(Event::Put(document));
            }
        }
        self.tell_during_scan(beyond, |key| last.as_ref().is_none_or(|last| key <= last));
        match last {
            Some(last) => {
                self.told.page(after.as_ref(), &last, as_of);
                self.phase = Phase::Scan { after: Some(last), since };
            }
            None => {
                self.told.rest(after.as_ref(), as_of);
                self.phase = Phase::Live;
                if !self.is_caught_up {
                    self.is_caught_up = true;
                    self.ready.push_back(Event::CaughtUp);
                }
            }
        }
    }

    fn tell_during_scan(&mut self, letters: Vec<Letter>, is_scanned: impl Fn(&Key) -> bool) {
        for letter in letters {
            let was_perhaps_told = letter.bytes.is_none() && self.is_caught_up;
            if was_perhaps_told || is_scanned(&letter.key) {
                self.tell(letter);
            }
        }
    }

    fn tell(&mut self, letter: Letter) {
        let Letter { key, revision, bytes } = letter;
        self.ready.push_back(match bytes {
            Some(bytes) => Event::Put(Document { key, revision, bytes }),
            None => Event::Deleted { key, revision },
        });
    }
}
