//! AWS Identity and Access Management: roles, managed policies, access keys.
//!
//! ```text
//!   edge ──access_key, authorize──► Iam ──► snapshot in memory ◄──watch── store
//!   control ──role, trusts────────►  │                                      ▲
//!   sts ──(a small trait)─────────►  └── router: CreateRole, … ──commit─────┘
//! ```
//!
//! Every read is answered from memory and never waits; every change is durable, and
//! readable, when it answers. Policies are compiled when they are taken in, so a
//! decision only walks them (`lanthorn_model::policy`).
//!
//! What this crate is *not*: it makes no sessions (that is `sts`), and it has neither
//! users nor groups; the account's root user is its only identity beside roles.

pub mod access_keys;
pub mod authorize;
pub mod iam;

pub mod document;
pub mod managed_policy;
pub mod names;
pub mod role;
pub mod tags;

mod fault_map;
pub mod page;
pub mod policies;
pub mod roles;
mod routes;

mod aws_managed;
mod ids;
mod memory;
mod records;
mod snapshot;

pub use access_keys::{AccessKey, RootAccessKey};
pub use authorize::Untrusting;
pub use iam::{CannotRecord, Iam, OpenError};
pub use ids::NoEntropy;
pub use managed_policy::ManagedPolicy;
pub use role::Role;
