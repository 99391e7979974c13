//! Functions: one file per operation, and what the operations share.
//!
//! ```text
//!  (none) ──create──► Pending ──settled──► Active ⇄ update: InProgress ──settled──► Successful
//!                        └──not settled──► Failed            └──not settled──► Failed; calls keep the old code
//! ```
//!
//! [`state`] decides these steps without touching anything; [`settle`] performs the
//! second half of each in the background; [`change`] applies what an owner sets.

pub mod change;
pub mod create;
pub mod delete;
pub mod environment;
mod facts;
pub mod get;
pub mod get_configuration;
pub mod list;
pub mod role;
pub mod runtime;
pub(crate) mod settle;
pub mod state;
mod table;
pub mod update_code;
pub mod update_configuration;

pub use facts::{Busy, FunctionExists, FunctionNotFound, RecordError, RevisionMismatch};
