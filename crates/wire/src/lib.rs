//! AWS protocols: generated shapes, codecs, validation, faults.
//!
//! A service is a generated [`service::ServiceModel`] plus handlers, joined in a
//! [`router::Router`]. The model says how each operation is spelled on the wire
//! (rest-json, aws-json, query) and which values its members may have; the
//! generic layer decodes and validates a request against it, hands the typed
//! input to the handler, and encodes the typed output or the [`fault::Fault`].
//! What this crate is *not*: it opens no socket and knows no function.
//!
//! ```text
//!  Request ──recognise──► OperationModel
//!     └──────decode──────► Value ──validate──► Input ──handler──► Output ──► Value ──encode──► Response
//!                            └─ Violations ─┐            └─ Fault ─┐
//!                                           └──────────────────────┴────── fault ──────────► Response
//! ```

pub mod context;
pub mod fault;
pub mod operation;
pub mod request;
pub mod router;
pub mod service;

pub mod schema;
pub mod shape;
pub mod value;

pub mod pattern;
pub mod protocol;
pub mod validate;

mod recognise;
mod show;

pub mod sigv4;

mod generated;

pub use generated::{iam, lambda, logs, sts};
