//! HTTP itself: connections, bodies, and nothing of AWS.
//!
//! ```text
//! TcpListener ─accept─► connection task ──► hyper (HTTP/1.1 or h2) ──► Answer::answer
//!      │                     ▲                                              │
//!  connections_max       drain token                    body::collect ◄─────┘
//!                                                   limit · pace · budget
//! ```

pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod serve;
