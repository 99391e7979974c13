//! How events come in.
//!
//! ```text
//! a function's lines ─► Writer ─► Buffer ──every 200 ms, when pressing, before a read──► Flusher ─┐
//!                       (never blocks, drops and counts when full)                                ├─► Journal ─► store
//! PutLogEvents ─────────────────────────────────────────────────────────────────── Logs::put ─────┘
//! ```
//!
//! The journal alone writes batches. An event that `PutLogEvents` answered for is durable; a function's line is as soon
//! as the next flush. Every read flushes the group it reads first, so a line that was written can be read.

mod buffer;
mod flush;
mod journal;
mod put;

pub use buffer::{Dropped, Event, Writer};
pub use put::{PutEventsError, PutRefusal, Rejected};

pub(crate) use buffer::Buffer;
pub(crate) use flush::Flusher;
pub(crate) use journal::{AppendError, Journal, Missing, new_stream_id};
