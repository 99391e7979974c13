//! AWS protocols: generated shapes, codecs, validation, faults.
//!
//! A service is a generated [`service::ServiceModel`] plus handlers, joined in a
//! [`router::Router`]. The model says how each operation is spelled on the wire
//! (rest-json, aws-json, query) and which values its members may have; the
//! generic layer decodes and validates a request against it, hands the typed
//! input to the handler, and encodes the typed output or the [`fault::Fault`].
//! What this crate is *not*: it opens no socket and knows no function.

pub mod context;
pub mod fault;
pub mod sigv4;
