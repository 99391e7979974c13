//! The nouns of Lanthorn, without I/O.
//!
//! Every room speaks in these types. A value that exists is valid: each has one
//! door in (`FromStr` or `new`), borrowing getters and no setters. None of them
//! derives `Serialize`: wire shapes live in `wire`, stored shapes in `store`.

pub mod arn;
pub mod clock;
pub mod credentials;
pub mod function;
pub mod invocation;
pub mod limits;
pub mod policy;
pub mod principal;
pub mod runtime;
