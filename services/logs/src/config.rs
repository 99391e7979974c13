//! How the log store behaves, as used.

use std::time::Duration;

/// How the log store behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// A function's line waits so long at most before it is stored.
    pub flush_after: Duration,
    /// So many bytes waiting for one stream are stored at once.
    pub flush_bytes: usize,
    /// So many events wait at most, in all; more are dropped.
    pub buffer_events_max: usize,
    /// So many bytes of events wait at most, in all, each event counted as its message and 26 bytes.
    pub buffer_bytes_max: usize,
    /// How often expired events and the remains of deleted groups are removed.
    pub sweep_every: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            flush_after: Duration::from_millis(200),
            flush_bytes: 256 * 1024,
            buffer_events_max: 500_000,
            buffer_bytes_max: 64 * 1024 * 1024,
            sweep_every: Duration::from_secs(300),
        }
    }
}
