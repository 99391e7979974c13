//! The log store through its API, over the embedded store.

mod events;
mod failing;
mod filter;
mod groups;
mod harness;
mod reads;
mod retention;
mod streams;
mod writer;
