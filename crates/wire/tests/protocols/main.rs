//! The room from outside: requests as clients spell them, answers as they read them.
//!
//! The clients here are written from the protocols' side, not with the code
//! under test, so that a mistake made twice does not cancel out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arbitrary;
mod aws_json;
mod constraints;
mod query;
mod recognise;
mod rest_json;
mod router;

use bytes::Bytes;
use http::{Method, Response};
use lanthorn_wire::request::Request;

/// A request; `head` is `METHOD TARGET`.
fn request(head: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request {
    let (method, target) = head.split_once(' ').expect("a method and a target");
    let mut builder = http::Request::builder().method(method.parse::<Method>().unwrap()).uri(target);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    Request::new(parts, body.into())
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}
