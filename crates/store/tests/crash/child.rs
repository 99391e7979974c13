//! The process that is killed: it writes as fast as it can and says what was acknowledged.
//!
//! Lines, each written whole, only after the answer it tells of (but for `finishing`, which comes before):
//!
//! ```text
//! doc PARTITION ROUND REVISION     three documents of PARTITION hold ROUND
//! sent MESSAGE
//! finishing MESSAGE                from here on the message may be gone
//! done MESSAGE                     the message is gone
//! blob SHA256 SIZE
//! ```

use std::cell::Cell;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::clock::ManualClock;
use lanthorn_store::documents::{Change, Expect, Key};
use lanthorn_store::embedded::open;
use lanthorn_store::{Documents, Store};
use sha2::Digest;

pub(crate) const DIRECTORY: &str = "LANTHORN_CRASH_DIRECTORY";
pub(crate) const LIFE: &str = "LANTHORN_CRASH_LIFE";
pub(crate) const SEED: &str = "LANTHORN_CRASH_SEED";

/// The names of the documents that every commit makes alike.
pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

/// The queue's name.
pub(crate) const QUEUE: &str = "q";

/// Longer than a life, shorter than the time between lives.
const LEASE: Duration = Duration::from_secs(600);

/// The clock of a life, an hour after the last one's; the parent looks half an hour later.
pub(crate) fn clock(life: u64, minutes: i64) -> Arc<ManualClock> {
    let start = 1_800_000_000 + 3600 * life as i64 + 60 * minutes;
    Arc::new(ManualClock::at(Timestamp::from_second(start).unwrap()))
}

/// What document `round` of a partition holds: enough to span pages, different in every byte's place.
pub(crate) fn body(partition: &str, round: u64) -> Bytes {
    let random = Random::new(round ^ (partition.len() as u64) << 32);
    let mut body = format!("{round} ").into_bytes();
    let size = random.below(9_000) as usize;
    body.extend(std::iter::repeat_with(|| random.next() as u8).take(size));
    body.into()
}

/// The blob that `seed` stands for.
fn blob(seed: u64) -> Vec<u8> {
    let random = Random::new(seed);
    let size = random.below(60_000) as usize;
    std::iter::repeat_with(|| random.next() as u8).take(size).collect()
}

pub(crate) fn run() {
    // Asked for by hand, with all other ignored tests: there is nothing to do.
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (life, random) = (number(LIFE), Random::new(number(SEED)));
    // The test harness has begun a line.
    say("");
    let store = open(&PathBuf::from(directory), clock(life, 0)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..6 {
            tasks.spawn(write_documents(store.clone(), format!("w{writer}")));
        }
        for sender in 0..3 {
            tasks.spawn(send_messages(store.clone(), format!("{life}.{sender}")));
        }
        for _ in 0..2 {
            tasks.spawn(receive_messages(store.clone()));
            tasks.spawn(put_blobs(store.clone(), random.next()));
        }
        // None of them ends unless it fails.
        if let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    });
}

/// One write to the pipe, so that a line is whole or not there.
fn say(line: &str) {
    if std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).is_err() {
        // The parent is gone.
        std::process::exit(1);
    }
}

async fn write_documents(store: Store, partition: String) {
    let (mut round, mut expect) = match current(&store.documents, &partition).await {
        Some((round, revision)) => (round, Expect::At(revision)),
        None => (0, Expect::Absent),
    };
    loop {
        round += 1;
        let bytes = body(&partition, round);
        let mut changes: Vec<Change> =
            NAMES.iter().map(|name| Change::Put { name: (*name).to_owned(), expect, bytes: bytes.clone() }).collect();
        // And one that comes and goes.
        changes.push(match round % 2 {
            0 => Change::Delete { name: "odd".to_owned(), expect: Expect::Anything },
            _ => Change::Put { name: "odd".to_owned(), expect: Expect::Anything, bytes },
        });
        let revision = store.documents.commit(partition.clone(), changes).await.unwrap();
        say(&format!("doc {partition} {round} {}", revision.0));
        expect = Expect::At(revision);
    }
}

async fn current(
    documents: &Arc<dyn Documents>,
    partition: &str,
) -> Option<(u64, lanthorn_store::documents::Revision)> {
    let key = Key { partition: partition.to_owned(), name: NAMES[0].to_owned() };
    let document = documents.get(key).await.unwrap()?;
    Some((round(&document.bytes), document.revision))
}

/// The round a document's bytes begin with.
pub(crate) fn round(bytes: &[u8]) -> u64 {
    let digits = bytes.split(|byte| *byte == b' ').next().unwrap();
    std::str::from_utf8(digits).unwrap().parse().unwrap()
}

async fn send_messages(store: Store, prefix: String) {
    for number in 0_u64.. {
        let message = format!("{prefix}.{number}");
        let delay = Duration::from_secs(number % 3);
        store.queue.send(QUEUE.to_owned(), Bytes::from(message.clone()), delay).await.unwrap();
        say(&format!("sent {message}"));
    }
}

async fn receive_messages(store: Store) {
    loop {
        for leased in store.queue.lease(QUEUE.to_owned(), 8, LEASE).await.unwrap() {
            let message = String::from_utf8(leased.bytes.to_vec()).unwrap();
            // Some are let go, some kept until the lease ends, most finished.
            match leased.receipt.lease % 8 {
                0 => store.queue.release(leased.receipt, Duration::from_secs(1)).await.unwrap(),
                1 => {}
                _ => {
                    say(&format!("finishing {message}"));
                    store.queue.acknowledge(leased.receipt).await.unwrap();
                    say(&format!("done {message}"));
                }
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn put_blobs(store: Store, seed: u64) {
    let random = Random::new(seed);
    loop {
        // Few enough that some are put twice.
        let bytes = blob(random.below(48));
        let digest = lanthorn_model::function::Sha256::new(sha2::Sha256::digest(&bytes).into());
        let stored = store.blobs.put(Box::pin(std::io::Cursor::new(bytes))).await.unwrap();
        assert_eq!(stored.sha256, digest);
        say(&format!("blob {} {}", stored.sha256, stored.size));
    }
}

/// SplitMix64: small, seeded, the same everywhere.
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.0.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.next() % bound
    }
}
