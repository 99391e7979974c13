//! A request as it came, its body whole.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, request};

/// What a client sent. Cheap to move; a body is never copied out of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target, undecoded.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request of its head and its body.
    #[must_use]
    pub fn new(head: request::Parts, body: Bytes) -> Self {
        Self { method: head.method, uri: head.uri, headers: head.headers, body }
    }

    /// The path, undecoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query string, undecoded; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }
}
