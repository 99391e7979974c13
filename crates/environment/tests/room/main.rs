//! The room by itself: environments whose boxes, processes and neighbours the tests play.
//!
//! `life` and `runtime_api` play the runtime process too, with time standing still unless a test moves it.
//! `bootstraps` and `clients` run real interpreters, without a sandbox around them.

mod bootstraps;
mod clients;
mod life;
mod played;
mod runtime_api;
#[path = "../support/mod.rs"]
mod support;
mod unboxed;
