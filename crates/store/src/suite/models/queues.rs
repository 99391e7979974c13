//! The model of queues: a list of messages, each with the moment it is due and its last lease.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::clock::Clock;
use proptest::prelude::*;
use proptest::sample::Index;

use super::Outcome;
use crate::queue::{LeaseError, Leased, Receipt};
use crate::suite::Subject;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Send { queue: &'static str, delay_ms: u64 },
    Lease { queue: &'static str, limit: usize, lease_ms: u64 },
    Receipt { which: Index, what: What },
    Depth { queue: &'static str },
    Advance { ms: i64 },
    Reopen,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Extend { lease_ms: u64 },
    Acknowledge,
    Release { delay_ms: u64 },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let queue = || prop::sample::select(vec!["q", "r"]);
    let ms = || prop::sample::select(vec![0_u64, 0, 1, 10, 50]);
    let what = prop_oneof![
        ms().prop_map(|lease_ms| What::Extend { lease_ms }),
        Just(What::Acknowledge),
        ms().prop_map(|delay_ms| What::Release { delay_ms }),
    ];
    let step = prop_oneof![
        5 => (queue(), ms()).prop_map(|(queue, delay_ms)| Step::Send { queue, delay_ms }),
        5 => (queue(), 0..4_usize, ms()).prop_map(|(queue, limit, lease_ms)| Step::Lease { queue, limit, lease_ms }),
        5 => (any::<Index>(), what).prop_map(|(which, what)| Step::Receipt { which, what }),
        2 => queue().prop_map(|queue| Step::Depth { queue }),
        3 => (0..30_i64).prop_map(|ms| Step::Advance { ms }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

struct Message {
    queue: &'static str,
    bytes: Bytes,
    sent_at: Timestamp,
    due_ms: i64,
    attempts: u32,
    /// The receipt that still holds.
    receipt: Option<Receipt>,
}

pub(super) async fn follow(subject: &mut impl Subject, steps: Vec<Step>) -> Outcome {
    // In the order of sending.
    let mut messages: Vec<Message> = Vec::new();
    let mut receipts: Vec<Receipt> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        let now = subject.clock().now();
        let after = |ms: u64| now.as_millisecond() + ms as i64;
        let queues = &subject.store().queue;
        match step {
            Step::Send { queue, delay_ms } => {
                let bytes = Bytes::from(number.to_string());
                queues.send(queue.to_owned(), bytes.clone(), Duration::from_millis(delay_ms)).await.unwrap();
                let due_ms = after(delay_ms);
                messages.push(Message { queue, bytes, sent_at: now, due_ms, attempts: 0, receipt: None });
            }
            Step::Lease { queue, limit, lease_ms } => {
                let leased = queues.lease(queue.to_owned(), limit, Duration::from_millis(lease_ms)).await.unwrap();
                let expected = due(&mut messages, queue, now.as_millisecond(), limit);
                prop_assert_eq!(leased.len(), expected.len(), "{:?}", leased);
                for (leased, message) in leased.into_iter().zip(expected) {
                    take(&leased, message, after(lease_ms))?;
                    prop_assert!(!receipts.contains(&leased.receipt), "{:?} twice", leased.receipt);
                    receipts.push(leased.receipt);
                }
            }
            Step::Receipt { .. } if receipts.is_empty() => {}
            Step::Receipt { which, what } => {
                let receipt = which.get(&receipts).clone();
                let found = messages.iter().position(|message| message.receipt.as_ref() == Some(&receipt));
                let answer = match what {
                    What::Extend { lease_ms } => queues.extend(receipt, Duration::from_millis(lease_ms)).await,
                    What::Acknowledge => queues.acknowledge(receipt).await,
                    What::Release { delay_ms } => queues.release(receipt, Duration::from_millis(delay_ms)).await,
                };
                match (answer, found) {
                    (Ok(()), Some(found)) => match what {
                        What::Extend { lease_ms } => messages[found].due_ms = after(lease_ms),
                        What::Acknowledge => drop(messages.remove(found)),
                        What::Release { delay_ms } => {
                            messages[found].due_ms = after(delay_ms);
                            messages[found].receipt = None;
                        }
                    },
                    (Err(LeaseError::Stale), None) => {}
                    (answer, found) => prop_assert!(false, "{:?}, but by the model {:?}", answer, found.is_some()),
                }
            }
            Step::Depth { queue } => {
                let expected = messages.iter().filter(|message| message.queue == queue).count();
                prop_assert_eq!(queues.depth(queue.to_owned()).await.unwrap(), expected as u64);
            }
            Step::Advance { ms } => subject.clock().advance_ms(ms),
            Step::Reopen => subject.reopen().await,
        }
    }
    Ok(())
}

/// The first messages of `queue` that are due, in the order they are to be leased.
fn due<'m>(messages: &'m mut [Message], queue: &str, now_ms: i64, limit: usize) -> Vec<&'m mut Message> {
    let mut due: Vec<&mut Message> =
        messages.iter_mut().filter(|message| message.queue == queue && message.due_ms <= now_ms).collect();
    // A stable sort: of those due at the same moment the one sent first.
    due.sort_by_key(|message| message.due_ms);
    due.truncate(limit);
    due
}

fn take(leased: &Leased, message: &mut Message, until_ms: i64) -> Outcome {
    message.attempts += 1;
    message.due_ms = until_ms;
    message.receipt = Some(leased.receipt.clone());
    prop_assert_eq!(
        (&leased.bytes, leased.attempts, leased.sent_at),
        (&message.bytes, message.attempts, message.sent_at)
    );
    Ok(())
}
