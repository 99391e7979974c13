//! Claims about queues: order, time, leases, races.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;

use super::Subject;
use crate::Queue;
use crate::queue::{LeaseError, Leased};

const SECOND: Duration = Duration::from_secs(1);
const NOW: Duration = Duration::ZERO;

async fn send(queue: &Arc<dyn Queue>, text: &'static str, delay: Duration) {
    queue.send("q".to_owned(), Bytes::from_static(text.as_bytes()), delay).await.unwrap();
}

async fn lease(queue: &Arc<dyn Queue>, limit: usize, seconds: u32) -> Vec<Leased> {
    queue.lease("q".to_owned(), limit, SECOND * seconds).await.unwrap()
}

/// The one message that is due.
async fn lease_one(queue: &Arc<dyn Queue>, seconds: u32) -> Leased {
    let mut leased = lease(queue, 10, seconds).await;
    assert_eq!(leased.len(), 1, "{leased:?}");
    leased.remove(0)
}

fn texts(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|message| std::str::from_utf8(&message.bytes).unwrap()).collect()
}

/// By when they are due, then by when they were sent; never another queue's.
pub async fn the_oldest_due_comes_first(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    queue.send("other".to_owned(), Bytes::from_static(b"not ours"), NOW).await.unwrap();
    send(queue, "later", SECOND * 2).await;
    send(queue, "first", NOW).await;
    send(queue, "second", NOW).await;
    send(queue, "soon", SECOND).await;
    let sent_at = lanthorn_model::clock::Clock::now(subject.clock());
    subject.clock().advance_ms(2_000);
    let leased = lease(queue, 3, 60).await;
    assert_eq!(texts(&leased), ["first", "second", "soon"]);
    assert!(leased.iter().all(|message| message.attempts == 1 && message.sent_at == sent_at), "{leased:?}");
    assert_eq!(texts(&lease(queue, 3, 60).await), ["later"]);
    assert!(lease(queue, 3, 60).await.is_empty());
    assert!(queue.lease("never named".to_owned(), 3, SECOND).await.unwrap().is_empty());
}

/// To the millisecond.
pub async fn a_delayed_message_waits_its_time(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    send(queue, "a", SECOND).await;
    subject.clock().advance_ms(999);
    assert!(lease(queue, 1, 60).await.is_empty());
    subject.clock().advance_ms(1);
    assert_eq!(texts(&lease(queue, 1, 60).await), ["a"]);
    send(queue, "at the end of time", Duration::MAX).await;
    assert!(lease(queue, 1, 60).await.is_empty());
}

/// Attempts count; until then nobody else gets it.
pub async fn a_lease_that_runs_out_makes_the_message_due(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    send(queue, "a", NOW).await;
    for attempt in 1..5 {
        assert_eq!(lease_one(queue, 10).await.attempts, attempt);
        subject.clock().advance_ms(9_999);
        assert!(lease(queue, 1, 10).await.is_empty());
        subject.clock().advance_ms(1);
    }
}

/// From the moment of extending; also when it had run out but nobody took the message.
pub async fn an_extended_lease_holds_longer(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    send(queue, "a", NOW).await;
    let held = lease_one(queue, 10).await;
    subject.clock().advance_ms(5_000);
    queue.extend(held.receipt.clone(), SECOND * 10).await.unwrap();
    subject.clock().advance_ms(9_999);
    assert!(lease(queue, 1, 10).await.is_empty());
    subject.clock().advance_ms(5_000);
    queue.extend(held.receipt.clone(), SECOND * 10).await.unwrap();
    assert!(lease(queue, 1, 10).await.is_empty());
    queue.acknowledge(held.receipt).await.unwrap();
}

/// After another lease, an acknowledgement or a release, a receipt is worth nothing.
pub async fn a_stale_receipt_does_nothing(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    let assert_stale = async |held: &Leased| {
        for refused in [
            queue.extend(held.receipt.clone(), SECOND).await,
            queue.release(held.receipt.clone(), NOW).await,
            queue.acknowledge(held.receipt.clone()).await,
        ] {
            assert!(matches!(refused, Err(LeaseError::Stale)), "{refused:?}");
        }
    };
    send(queue, "a", NOW).await;
    let ran_out = lease_one(queue, 1).await;
    subject.clock().advance_ms(1_000);
    let released = lease_one(queue, 60).await;
    assert_stale(&ran_out).await;
    queue.release(released.receipt.clone(), NOW).await.unwrap();
    assert_stale(&released).await;
    let done = lease_one(queue, 60).await;
    queue.acknowledge(done.receipt.clone()).await.unwrap();
    assert_stale(&done).await;
    // Nor for a message that came after it.
    send(queue, "b", NOW).await;
    let next = lease_one(queue, 60).await;
    for receipt in [&ran_out, &released, &done] {
        assert_stale(receipt).await;
    }
    queue.acknowledge(next.receipt).await.unwrap();
}

/// And its attempts go on counting.
pub async fn a_released_message_comes_back_after_its_delay(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    send(queue, "a", NOW).await;
    let held = lease_one(queue, 60).await;
    queue.release(held.receipt, SECOND).await.unwrap();
    subject.clock().advance_ms(999);
    assert!(lease(queue, 1, 60).await.is_empty());
    subject.clock().advance_ms(1);
    let again = lease_one(queue, 60).await;
    assert_eq!((again.attempts, again.sent_at), (2, held.sent_at));
    queue.release(again.receipt, NOW).await.unwrap();
    assert_eq!(lease_one(queue, 60).await.attempts, 3);
}

/// Every message to exactly one receiver.
pub async fn racing_receivers_share_without_overlap(subject: &mut impl Subject) {
    const MESSAGES: usize = 300;
    let queue = &subject.store().queue;
    let sent = (0..MESSAGES).map(|number| queue.send("q".to_owned(), Bytes::from(number.to_string()), NOW));
    for sent in join_all(sent).await {
        sent.unwrap();
    }
    let receivers = (0..16).map(|_| {
        let queue = Arc::clone(queue);
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased = lease(&queue, 7, 60).await;
                if leased.is_empty() {
                    return mine;
                }
                for message in leased {
                    queue.acknowledge(message.receipt.clone()).await.unwrap();
                    mine.push(message);
                }
            }
        })
    });
    let all: Vec<Leased> = join_all(receivers).await.into_iter().flat_map(Result::unwrap).collect();
    let distinct: BTreeSet<&Bytes> = all.iter().map(|message| &message.bytes).collect();
    assert_eq!((all.len(), distinct.len()), (MESSAGES, MESSAGES));
    assert_eq!(queue.depth("q".to_owned()).await.unwrap(), 0);
}

/// Waiting, delayed and leased ones alike.
pub async fn depth_counts_what_is_not_acknowledged(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    let depth = async || queue.depth("q".to_owned()).await.unwrap();
    assert_eq!(depth().await, 0);
    send(queue, "a", NOW).await;
    send(queue, "b", SECOND).await;
    assert_eq!(depth().await, 2);
    let held = lease_one(queue, 60).await;
    assert_eq!(depth().await, 2);
    queue.acknowledge(held.receipt.clone()).await.unwrap();
    assert_eq!(depth().await, 1);
    assert!(queue.acknowledge(held.receipt).await.is_err());
    assert_eq!(depth().await, 1);
    assert_eq!(queue.depth("other".to_owned()).await.unwrap(), 0);
}

/// Messages, delays, attempts and leases.
pub async fn queues_survive_a_restart(subject: &mut impl Subject) {
    let queue = &subject.store().queue;
    send(queue, "held", NOW).await;
    let held = lease_one(queue, 10).await;
    send(queue, "delayed", SECOND * 20).await;
    send(queue, "due", NOW).await;
    subject.reopen().await;
    let queue = &subject.store().queue;
    assert_eq!(queue.depth("q".to_owned()).await.unwrap(), 3);
    assert_eq!(texts(&lease(queue, 10, 60).await), ["due"]);
    queue.extend(held.receipt.clone(), SECOND * 10).await.unwrap();
    subject.clock().advance_ms(10_000);
    let again = lease_one(queue, 60).await;
    assert_eq!((texts(std::slice::from_ref(&again)), again.attempts), (vec!["held"], 2));
    assert_ne!(again.receipt.lease, held.receipt.lease);
    subject.clock().advance_ms(10_000);
    assert_eq!(texts(&lease(queue, 10, 60).await), ["delayed"]);
}
