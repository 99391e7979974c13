//! What is answered here rather than by a service of its own.

pub mod code;
pub mod functions;
pub(crate) mod health;
pub mod invoke;
