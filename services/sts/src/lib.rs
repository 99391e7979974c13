//! AWS Security Token Service: who is calling, and temporary credentials.
//!
//! ```text
//!   AssumeRole ──► may the caller? (its policies, the role's trust policy) ──► token::seal ──► ASIA…, secret, token
//!   a signed request ──► Sts::verify(ASIA…, token) ──► Session {secret, principal, terms, expiration}
//! ```
//!
//! Sessions are nowhere stored: a token says all there is to say of its session and
//! carries a MAC, and the secret is derived from the token, both under one master key
//! that lives in the store. Any node of a cluster verifies what any other issued, and
//! a restart changes nothing.
//!
//! What this crate is *not*: it knows no roles (that is IAM, behind the trait
//! [`Roles`]), and does not check signatures (the edge does, with the session's secret).

pub mod assume_role;
mod master_key;
pub mod roles;
pub mod session;
mod sts;
mod token;

mod fault_map;
mod routes;

pub use assume_role::{AssumeRoleError, AssumedRole, IssueError};
pub use roles::{AssumableRole, Roles};
pub use session::{InvalidToken, Session};
pub use sts::{OpenError, Sts};
