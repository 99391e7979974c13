//! The control plane over the embedded store: what owners ask for, and what becomes of it.

mod code;
mod create;
mod list;
mod room;
mod update;
