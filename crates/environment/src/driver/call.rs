//! A call in an environment's hands.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use jiff::Timestamp;
use lanthorn_model::invocation::Invocation;
use tokio::time::Instant;

use crate::handle::Caller;
use crate::runtime_api::Delivery;

/// One call, from its arrival to its answer.
pub(super) struct Call {
    pub(super) invocation: Invocation,
    pub(super) caller: Caller,
    /// Since when its time and its bill run: the event's delivery, or the start of an INIT within the call.
    pub(super) began: Option<Instant>,
    /// Its `START` is written.
    pub(super) announced: bool,
}

impl Call {
    pub(super) fn new(invocation: Invocation, caller: Caller) -> Self {
        Self { invocation, caller, began: None, announced: false }
    }

    /// The event as HTTP carries it: AWS's header set, empty ones left out.
    pub(super) fn delivery(&self, deadline_ms: u64) -> Delivery {
        let invocation = &self.invocation;
        let mut headers = HeaderMap::with_capacity(8);
        let mut set = |name: &'static str, value: &str| {
            // What cannot be a header value was refused at the edge.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("lambda-runtime-aws-request-id", &invocation.id.to_string());
        set("lambda-runtime-deadline-ms", &deadline_ms.to_string());
        set("lambda-runtime-invoked-function-arn", &invocation.invoked_arn);
        if let Some(trace) = &invocation.trace {
            set("lambda-runtime-trace-id", trace);
        }
        if let Some(context) = &invocation.client_context {
            set("lambda-runtime-client-context", context);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Delivery { headers, event: invocation.payload.clone() }
    }
}

/// The moment `left` from `now`, in milliseconds of Unix time.
pub(super) fn deadline_ms(now: Timestamp, left: Duration) -> u64 {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    now_ms + u64::try_from(left.as_millis()).unwrap_or(u64::MAX / 2)
}
