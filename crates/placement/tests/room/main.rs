//! The room by itself: real environments in simulated boxes, whose runtimes the tests play.
//!
//! Time stands still unless a test moves it, except in `crowd`, which lets many threads run into each other.

mod crowd;
mod ending;
mod limits;
mod reuse;
mod support;
