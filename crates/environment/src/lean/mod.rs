//! The lean protocol: how our own bootstraps and the environment speak.
//!
//! ```text
//!  environment                                   bootstrap (descriptor named by `_LANTHORN_LEAN_FD`)
//!      │                                             │ starts, imports the handler
//!      │◄────────────────── Ready ───────────────────│   or InitError, and exits
//!      │──────────────── Invocation ────────────────►│ one write │ one read
//!      │                                             │ runs the handler
//!      │◄──────────── Response | Error ──────────────│ one read │ one write; it also says "ready for the next"
//! ```
//!
//! A stream socket carries frames: a fixed header, then the parts whose lengths it tells. Numbers are
//! little-endian. The sequence number of an answer is that of the event it answers.
//!
//! ```text
//!  to the runtime, 60 bytes and then arn, trace, client context (JSON), event
//!   0        4    5    6      8        10         12         16            24           60
//!   ┌────────┬────┬────┬──────┬────────┬──────────┬──────────┬─────────────┬────────────┐
//!   │ length │kind│  0 │ arn  │ trace  │ context  │ sequence │ deadline_ms │ request id │ …
//!   │  u32   │ u8 │    │ u16  │  u16   │   u16    │   u32    │     u64     │  36 ASCII  │
//!   └────────┴────┴────┴──────┴────────┴──────────┴──────────┴─────────────┴────────────┘
//!  to the environment, 12 bytes and then error type, payload
//!   0        4    5    6            8          12
//!   ┌────────┬────┬────┬────────────┬──────────┐
//!   │ length │kind│flag│ error type │ sequence │ …        length: of all that follows the header
//!   │  u32   │ u8 │ u8 │    u16     │   u32    │          deadline_ms: Unix time, milliseconds
//!   └────────┴────┴────┴────────────┴──────────┘          error type: length in bytes, 0 if there is none
//!                                                         flag: 1 if the process ends after this frame
//! ```
//!
//! Log lines do not travel here but in the process's output, so that they keep their order with what the
//! function prints itself; how several lines make one event there is told in `log/lines.rs`.
//!
//! What this is *not*: an interface for others. Custom runtimes, official clients and extensions speak the
//! HTTP Runtime API; nothing outside `runtimes/` may rely on these frames, and they may change with any release.

mod frame;
mod link;

pub use frame::{Frame, Kind, Malformed, decode, encode};
pub(crate) use link::{Link, Message};

/// The variable that tells the bootstrap its descriptor; the bootstrap removes it from what the function sees.
pub(crate) const ANNOUNCEMENT: &str = "_LANTHORN_LEAN_FD";
/// The descriptor's number in the runtime process.
pub(crate) const DESCRIPTOR: i32 = 3;
