//! How events are found again.
//!
//! Events have one order everywhere: by time, then by the batch they came in, then by their place in it. A position
//! is a place in that order; event ids and tokens are positions in writing, so a token stays good however many events
//! come in or expire meanwhile.

mod filter;
mod get;
mod position;
mod scan;
mod source;

pub use filter::FilterEventsError;
pub use get::GetEventsError;

pub(crate) use filter::{FilterQuery, Streams};
pub(crate) use get::GetQuery;
pub(crate) use scan::Found;

use scan::{Scan, Step};

use crate::storage::StorageError;
use position::Cursor;

/// An answer holds so many bytes of events at most, each counted as its message and 26 bytes, but one event at least.
/// Source: GetLogEvents and FilterLogEvents, 1 MB.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// An answer holds so many events at most, and by default. Source: Smithy shape `EventsLimit`.
const ANSWER_EVENTS_MAX: usize = 10_000;

/// One answer's worth of a scan.
struct Page {
    events: Vec<Found>,
    /// Where the scan paused, if it did.
    paused: Option<Cursor>,
    /// Whether there are more events than went into the answer.
    more: bool,
}

async fn page(mut scan: Scan, limit: Option<usize>) -> Result<Page, StorageError> {
    let limit = limit.unwrap_or(ANSWER_EVENTS_MAX).min(ANSWER_EVENTS_MAX);
    let mut page = Page { events: Vec::new(), paused: None, more: false };
    let mut bytes = 0;
    loop {
        match scan.next().await? {
            Step::End => return Ok(page),
            Step::Paused(cursor) => {
                page.paused = Some(cursor);
                return Ok(page);
            }
            Step::Event(event) => {
                bytes += event.size();
                if !page.events.is_empty() && (page.events.len() >= limit || bytes > ANSWER_BYTES_MAX) {
                    page.more = true;
                    return Ok(page);
                }
                page.events.push(event);
            }
        }
    }
}
