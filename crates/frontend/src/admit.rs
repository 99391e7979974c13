//! Is the event one that a function may see: size, JSON, context.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lanthorn_model::limits::{CLIENT_CONTEXT_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX};

use crate::json;

/// Why an event is not passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// The payload is longer than a synchronous call may carry.
    #[error("the payload has {bytes} bytes")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The payload is not JSON.
    #[error(transparent)]
    NotJson(#[from] json::Malformed),
    /// The client context is longer than 3,583 bytes.
    #[error("the client context has {bytes} bytes")]
    ContextTooLarge {
        /// Its length in bytes, as sent.
        bytes: usize,
    },
    /// The client context is not base64 of a JSON object.
    #[error("the client context is not base64 of a JSON object")]
    ContextMalformed,
}

/// The event that reaches the function: `payload`, or `{}` where the caller sent nothing.
pub(crate) fn payload(payload: Bytes) -> Result<Bytes, InvalidEvent> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    if payload.len() > SYNC_PAYLOAD_BYTES_MAX {
        return Err(InvalidEvent::TooLarge { bytes: payload.len() });
    }
    json::check(&payload)?;
    Ok(payload)
}

/// The client context as the function's runtime receives it: JSON.
pub(crate) fn client_context(sent: Option<&str>) -> Result<Option<Arc<str>>, InvalidEvent> {
    let Some(sent) = sent else { return Ok(None) };
    if sent.len() > CLIENT_CONTEXT_BYTES_MAX {
        return Err(InvalidEvent::ContextTooLarge { bytes: sent.len() });
    }
    let bytes = STANDARD.decode(sent).map_err(|_| InvalidEvent::ContextMalformed)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidEvent::ContextMalformed)?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::Object(_)) => Ok(Some(text.into())),
        _ => Err(InvalidEvent::ContextMalformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sent_is_an_empty_object() {
        assert_eq!(payload(Bytes::new()), Ok(Bytes::from_static(b"{}")));
    }

    #[test]
    fn the_limit_is_six_megabytes() {
        let quoted = |inner: usize| Bytes::from(format!("\"{}\"", "a".repeat(inner)));
        assert!(payload(quoted(SYNC_PAYLOAD_BYTES_MAX - 2)).is_ok());
        let over = payload(quoted(SYNC_PAYLOAD_BYTES_MAX - 1));
        assert_eq!(over, Err(InvalidEvent::TooLarge { bytes: SYNC_PAYLOAD_BYTES_MAX + 1 }));
    }

    #[test]
    fn a_context_is_base64_of_an_object() {
        let check = |json: &str| client_context(Some(&STANDARD.encode(json)));
        assert_eq!(check(r#"{"custom":{"a":1}}"#), Ok(Some(r#"{"custom":{"a":1}}"#.into())));
        assert_eq!(check("[1]"), Err(InvalidEvent::ContextMalformed));
        assert_eq!(client_context(Some("%%%")), Err(InvalidEvent::ContextMalformed));
        assert_eq!(client_context(None), Ok(None));
        let long = "a".repeat(CLIENT_CONTEXT_BYTES_MAX + 1);
        assert_eq!(client_context(Some(&long)), Err(InvalidEvent::ContextTooLarge { bytes: 3584 }));
    }
}
