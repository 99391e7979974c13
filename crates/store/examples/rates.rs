//! How fast the embedded store is on this machine: `cargo run --release -p lanthorn-store --example rates [DIRECTORY]`.
//!
//! Documents are appended as a log service would (a batch of lines in one document of its stream's
//! partition), by one committer and by sixty-four; messages are sent, leased and acknowledged; and a
//! lease is timed among a million messages. The directory (default: the temporary one) decides which disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use lanthorn_model::clock::SystemClock;
use lanthorn_store::Store;
use lanthorn_store::documents::{Change, Expect};
use lanthorn_store::embedded::open;

/// Each measurement's length.
const TIME: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let directory = parent.join(format!("lanthorn-rates-{}", std::process::id()));
    let store = open(&directory, Arc::new(SystemClock))?;
    println!("{:<44} {:>9} {:>9} {:>9}", "", "rows/s", "p50", "p99");
    for (committers, size) in [(1, 256), (64, 256), (64, 4096), (64, 65_536)] {
        measure(&format!("append {size} bytes, {committers} committers"), committers, |committer, round| {
            append(store.clone(), format!("{committer} of {committers}"), round, size)
        })
        .await;
    }
    measure("send 256 bytes, 64 senders", 64, |_, _| send(store.clone(), 1)).await;
    measure("lease one and acknowledge, 64 receivers", 64, |_, _| receive(store.clone(), "few")).await;
    let begun = Instant::now();
    join_all((0..1000).map(|_| send(store.clone(), 1000))).await;
    println!("1,000,000 messages sent in {:.1?}", begun.elapsed());
    measure("the same among a million, 1 receiver", 1, |_, _| receive(store.clone(), "many")).await;
    measure("the same among a million, 64 receivers", 64, |_, _| receive(store.clone(), "many")).await;
    let begun = Instant::now();
    drop(store);
    println!("closed in {:.1?}", begun.elapsed());
    let begun = Instant::now();
    drop(open(&directory, Arc::new(SystemClock))?);
    println!("opened and closed again in {:.1?}", begun.elapsed());
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

async fn append(store: Store, stream: String, round: usize, size: usize) {
    let change = Change::Put {
        name: format!("{size}/{round:012}"),
        expect: Expect::Absent,
        bytes: Bytes::from(vec![b'x'; size]),
    };
    let partition = format!("logs/000000000000/us-east-1/group/{stream}");
    store.documents.commit(partition, vec![change]).await.expect("a commit");
}

async fn send(store: Store, messages: usize) {
    let queue = if messages == 1 { "few" } else { "many" };
    for _ in 0..messages {
        let bytes = Bytes::from_static(&[b'x'; 256]);
        store.queue.send(queue.to_owned(), bytes, Duration::ZERO).await.expect("a send");
    }
}

async fn receive(store: Store, queue: &str) {
    for leased in store.queue.lease(queue.to_owned(), 1, Duration::from_secs(60)).await.expect("a lease") {
        store.queue.acknowledge(leased.receipt).await.expect("an acknowledgement");
    }
}

/// Repeats `work` in `workers` at once and prints how often it was done, and how long one took.
async fn measure<F: Future<Output = ()>>(what: &str, workers: usize, work: impl Fn(usize, usize) -> F) {
    let begun = Instant::now();
    let times = join_all((0..workers).map(|worker| {
        let work = &work;
        async move {
            let mut times = Vec::new();
            while begun.elapsed() < TIME {
                let start = Instant::now();
                work(worker, times.len()).await;
                times.push(start.elapsed());
            }
            times
        }
    }))
    .await;
    let elapsed = begun.elapsed();
    let mut times = times.concat();
    times.sort_unstable();
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    let [p50, p99] = [50, 99].map(|percent| times[(times.len() - 1) * percent / 100]);
    println!("{what:<44} {rate:>9.0} {p50:>9.1?} {p99:>9.1?}");
}
