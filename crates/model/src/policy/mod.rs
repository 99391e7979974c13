//! IAM policies: documents, and the one engine that evaluates them.
//!
//! ```text
//!  text ──Policy::parse──► Policy (compiled once)
//!                              │ identity · boundary · session · resource
//!  Request {who, what, on} ────┤
//!  Standing (what IAM knows) ──┴─► evaluate ──► Decision ──explain──► AWS's sentence
//! ```
//!
//! A document is parsed into patterns and typed operands when it is stored; a
//! decision then walks them without allocating, unless a condition asks for a
//! value that has to be written out (the caller's ARN, the time).
//!
//! What this module is *not*: it finds no policies (IAM does that), and knows
//! neither HTTP nor the names of AWS's errors beyond the sentences it can say.
//!
//! Sources: IAM user guide, "Policy evaluation logic", "IAM JSON policy element
//! reference" and "Grammar of the IAM JSON policy language".

mod action;
mod condition;
mod context;
mod decision;
mod document;
mod evaluate;
mod json;
mod malformed;
mod pattern;
mod principals;
mod request;
mod scope;
mod statement;

pub use context::Context;
pub use decision::{Decision, Layer};
pub use document::{Kind, Policy};
pub use evaluate::evaluate;
pub use malformed::MalformedPolicy;
pub use principals::NamedPrincipal;
pub use request::{Identity, Request, ResourcePolicy, SessionTerms, Standing};

#[cfg(test)]
mod tests;
