//! The room by itself: the embedded store beside it, placement behind it, and runtimes that the tests play.
//!
//! Time stands still unless a test moves it.

mod directory;
mod invoke;
mod reached;
mod sight;
mod support;
