//! What the edge counts, for its operator. What a customer's functions do is not
//! counted here.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one shard's edge; they only grow.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests that were answered, whatever the answer.
    pub requests_total: Counter,
    /// Requests whose caller was not let in: no, wrong or old credentials.
    pub unauthenticated_total: Counter,
    /// Requests whose caller may not do what it asked.
    pub unauthorised_total: Counter,
    /// Answers with a status of 500 or more.
    pub failures_total: Counter,
    /// Bytes of bodies received.
    pub received_bytes_total: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    /// `more` more.
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
