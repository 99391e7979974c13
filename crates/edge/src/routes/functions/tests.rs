//! The operations from request to answer: the wire's decoding, the control plane and a store, in process.

mod lifecycle;
mod refusals;
mod room;
