//! Queue: work that must not be lost.
//!
//! A message is durable before `send` answers. A receiver leases it for a while;
//! it then acknowledges (gone), releases (due again after a delay) or lets the
//! lease run out (due again at once). Delivery is at least once.
//!
//! ```text
//!  send ──► delayed ──delay over──► due ──lease──► leased ──acknowledge──► (gone)
//!              ▲                     ▲               │  └─extend─┐
//!              └───────release───────┼───────────────┤ ◄─────────┘
//!                                    └─lease over────┘
//! ```
//!
//! Times are read from the wall clock to the millisecond; durations are cut to it.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::Error;

/// A message, leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Names the message for as long as this lease holds.
    pub receipt: Receipt,
    /// What was sent.
    pub bytes: Bytes,
    /// How many times it has been leased, this one included.
    pub attempts: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Proof of a lease: stale once the message was acknowledged, released, or leased again.
///
/// Neither number is ever used twice, so a stale receipt can never touch another message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// The message.
    pub message: u64,
    /// Which lease of it.
    pub lease: u64,
}

/// The receipt's lease has ended, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else may have the message now.
    #[error("the lease has ended")]
    Stale,
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Durable queues, made by naming them.
pub trait Queue: Send + Sync {
    /// Adds `bytes` to `queue`, due after `delay`. Durable when it answers.
    ///
    /// # Errors
    /// The engine failed; the message may or may not have been added.
    fn send(&self, queue: String, bytes: Bytes, delay: Duration) -> BoxFuture<'_, Result<(), Error>>;

    /// Leases up to `limit` due messages of `queue` for `lease`: the longest due first, of equals the one
    /// sent first. Empty when none is due.
    ///
    /// # Errors
    /// The engine failed.
    ///
    /// # Cancel safety
    /// Messages leased for a dropped future are due again when `lease` is over.
    fn lease(&self, queue: String, limit: usize, lease: Duration) -> BoxFuture<'_, Result<Vec<Leased>, Error>>;

    /// Makes the lease end `lease` from now. A lease that ran out but that nobody took over is good again.
    ///
    /// # Errors
    /// [`LeaseError::Stale`] when the receipt no longer holds.
    fn extend(&self, receipt: Receipt, lease: Duration) -> BoxFuture<'_, Result<(), LeaseError>>;

    /// Done: the message is gone. Durable when it answers.
    ///
    /// # Errors
    /// [`LeaseError::Stale`] when the receipt no longer holds.
    fn acknowledge(&self, receipt: Receipt) -> BoxFuture<'_, Result<(), LeaseError>>;

    /// Not done: due again after `delay`.
    ///
    /// # Errors
    /// [`LeaseError::Stale`] when the receipt no longer holds.
    fn release(&self, receipt: Receipt, delay: Duration) -> BoxFuture<'_, Result<(), LeaseError>>;

    /// How many messages `queue` holds, delayed and leased ones included.
    ///
    /// # Errors
    /// The engine failed.
    fn depth(&self, queue: String) -> BoxFuture<'_, Result<u64, Error>>;
}
