//! The tracing header of an invocation: the caller's, else one of our own.
//!
//! `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0`
//!
//! Source: *Tracing header*, developer guide of X-Ray; that every call has one and its answer tells it: recorded
//! (`test_introspection_invoke`, and the headers that Step Functions shows of Invoke).

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use jiff::Timestamp;
use lanthorn_wire::lambda;
use lanthorn_wire::operation::Operation as _;
use lanthorn_wire::request::Request;
use lanthorn_wire::service::OperationModel;
use uuid::Uuid;

static TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
static REMAPPED_LENGTH: HeaderName = HeaderName::from_static("x-amzn-remapped-content-length");

/// What the caller sent; for an invocation without one, a fresh one that is not sampled.
pub(crate) fn of(operation: &'static OperationModel, request: &Request, now: Timestamp) -> Option<Box<str>> {
    let sent = request.headers.get(&TRACE).and_then(|sent| sent.to_str().ok());
    match sent {
        Some(sent) => Some(sent.into()),
        None => invokes(operation).then(|| fresh(now)),
    }
}

/// The headers that an answer of Invoke has beside those of its model.
pub(crate) fn tell(operation: &'static OperationModel, trace: Option<&str>, answer: &mut Response<Bytes>) {
    if invokes(operation)
        && let Some(trace) = trace.and_then(|trace| HeaderValue::try_from(trace).ok())
    {
        answer.headers_mut().insert(&TRACE, trace);
        answer.headers_mut().insert(&REMAPPED_LENGTH, HeaderValue::from_static("0"));
    }
}

/// Whether `operation` runs a function.
pub(crate) fn invokes(operation: &'static OperationModel) -> bool {
    std::ptr::eq(operation, lambda::Invoke::MODEL)
}

fn fresh(now: Timestamp) -> Box<str> {
    let (root, parent) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", now.as_second(), &root[..24], &parent[..16]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_header_tells_its_time() {
        let now = Timestamp::from_second(0x5759_e988).expect("in range");
        let fresh = fresh(now);
        let parts: Vec<&str> = fresh.split([';', '=', '-']).collect();
        let ["Root", "1", "5759e988", root, "Parent", parent, "Sampled", "0"] = parts.as_slice() else {
            panic!("unexpected form: {fresh}");
        };
        assert_eq!((root.len(), parent.len()), (24, 16));
    }
}
