//! Frames as bytes. Pure; every input has an answer.

use lanthorn_model::invocation::Invocation;

/// Bytes of the header of a frame to the environment.
pub(super) const HEADER: usize = 12;
const INVOCATION: u8 = 1;
/// The one flag of a frame to the environment.
const CLOSING: u8 = 1;

/// A frame from a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says.
    pub kind: Kind,
    /// The process ends after this and takes no further event.
    pub closing: bool,
    /// Which event it answers; 0 where it answers none.
    pub sequence: u32,
    /// The error's type as the runtime claims it; empty if there is no error.
    pub error_type: &'a [u8],
    /// The answer, or the error's description, for the caller.
    pub payload: &'a [u8],
}

/// What a runtime can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Initialised; waits for an event.
    Ready,
    /// The handler returned.
    Response,
    /// The handler failed.
    Error,
    /// The handler cannot be loaded; the runtime will exit.
    InitError,
}

/// The bytes are no frame. Only our own bootstraps hold this socket, so a function has written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No such kind.
    #[error("there is no frame of kind {0}")]
    Kind(u8),
    /// The error type is longer than the frame.
    #[error("the error type of {error_type} bytes exceeds the frame's {length}")]
    ErrorType {
        /// Its length as told.
        error_type: u16,
        /// The frame's length as told.
        length: u32,
    },
}

/// A header that makes sense by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) closing: bool,
    pub(super) sequence: u32,
    pub(super) error_type: usize,
    pub(super) length: usize,
}

impl Header {
    pub(super) fn decode(bytes: &[u8; HEADER]) -> Result<Self, Malformed> {
        let [l0, l1, l2, l3, kind, flags, e0, e1, s0, s1, s2, s3] = *bytes;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let error_type = u16::from_le_bytes([e0, e1]);
        let kind = match kind {
            1 => Kind::Ready,
            2 => Kind::Response,
            3 => Kind::Error,
            4 => Kind::InitError,
            other => return Err(Malformed::Kind(other)),
        };
        if u32::from(error_type) > length {
            return Err(Malformed::ErrorType { error_type, length });
        }
        let sequence = u32::from_le_bytes([s0, s1, s2, s3]);
        let closing = flags & CLOSING != 0;
        Ok(Self { kind, closing, sequence, error_type: usize::from(error_type), length: length as usize })
    }
}

/// The first frame in `bytes` and how many bytes it takes; none if it is not whole yet.
///
/// # Errors
/// [`Malformed`] as soon as the header tells.
pub fn decode(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Malformed> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Ok(None) };
    let header = Header::decode(header)?;
    let Some(body) = rest.get(..header.length) else { return Ok(None) };
    let (error_type, payload) = body.split_at(header.error_type);
    let frame = Frame { kind: header.kind, closing: header.closing, sequence: header.sequence, error_type, payload };
    Ok(Some((frame, HEADER + header.length)))
}

/// Writes `frame` behind what `out` holds, as a bootstrap would.
///
/// # Panics
/// If the error type is longer than 65,535 bytes or the payload longer than 4 GiB.
pub fn encode(frame: &Frame<'_>, out: &mut Vec<u8>) {
    let length = frame.error_type.len() + frame.payload.len();
    let kind = match frame.kind {
        Kind::Ready => 1,
        Kind::Response => 2,
        Kind::Error => 3,
        Kind::InitError => 4,
    };
    out.extend_from_slice(&u32::try_from(length).expect("a payload is below 4 GiB").to_le_bytes());
    out.extend_from_slice(&[kind, if frame.closing { CLOSING } else { 0 }]);
    out.extend_from_slice(&u16::try_from(frame.error_type.len()).expect("an error type is short").to_le_bytes());
    out.extend_from_slice(&frame.sequence.to_le_bytes());
    out.extend_from_slice(frame.error_type);
    out.extend_from_slice(frame.payload);
}

/// Writes all of an invocation's frame but the event itself into `head`, replacing what it held.
pub(super) fn encode_invocation(head: &mut Vec<u8>, sequence: u32, deadline_ms: u64, invocation: &Invocation) {
    let arn = short(&invocation.invoked_arn);
    let trace = short(invocation.trace.as_deref().unwrap_or_default());
    let context = short(invocation.client_context.as_deref().unwrap_or_default());
    let length = arn.len() + trace.len() + context.len() + invocation.payload.len();
    head.clear();
    head.extend_from_slice(&u32::try_from(length).expect("payloads are limited to 6 MiB").to_le_bytes());
    head.extend_from_slice(&[INVOCATION, 0]);
    for part in [arn, trace, context] {
        head.extend_from_slice(&u16::try_from(part.len()).expect("cut to fit").to_le_bytes());
    }
    head.extend_from_slice(&sequence.to_le_bytes());
    head.extend_from_slice(&deadline_ms.to_le_bytes());
    let mut id = [0; 36];
    head.extend_from_slice(invocation.id.as_uuid().hyphenated().encode_lower(&mut id).as_bytes());
    for part in [arn, trace, context] {
        head.extend_from_slice(part);
    }
}

/// A header value's bytes. The edge limits all of them far below what 16 bits count; a longer one is left out
/// rather than cut, because half a JSON text helps nobody.
fn short(text: &str) -> &[u8] {
    if text.len() <= usize::from(u16::MAX) { text.as_bytes() } else { b"" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Ready), Just(Kind::Response), Just(Kind::Error), Just(Kind::InitError)]
    }

    proptest! {
        #[test]
        fn a_frame_survives_the_wire(
            kind in kinds(),
            closing: bool,
            sequence: u32,
            error_type in prop::collection::vec(any::<u8>(), 0..40),
            payload in prop::collection::vec(any::<u8>(), 0..2000),
            rest in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let frame = Frame { kind, closing, sequence, error_type: &error_type, payload: &payload };
            let mut bytes = Vec::new();
            encode(&frame, &mut bytes);
            let whole = bytes.len();
            for cut in [0, 1, HEADER.min(whole - 1), whole - 1] {
                prop_assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
            bytes.extend_from_slice(&rest);
            prop_assert_eq!(decode(&bytes), Ok(Some((frame, whole))));
        }

        #[test]
        fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some((frame, taken))) = decode(&bytes) {
                prop_assert!(taken <= bytes.len());
                prop_assert_eq!(taken, HEADER + frame.error_type.len() + frame.payload.len());
            }
        }
    }

    #[test]
    fn a_frame_that_contradicts_itself_is_refused() {
        assert_eq!(decode(&[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]), Err(Malformed::Kind(9)));
        let refused = Malformed::ErrorType { error_type: 3, length: 2 };
        assert_eq!(decode(&[2, 0, 0, 0, 3, 0, 3, 0, 0, 0, 0, 0]), Err(refused));
    }

    #[test]
    fn an_invocation_is_laid_out_as_drawn() {
        let invocation = Invocation {
            id: "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID"),
            payload: bytes::Bytes::from_static(b"{}"),
            invoked_arn: "arn".into(),
            client_context: Some("{\"client\":1}".into()),
            trace: None,
            wants_log_tail: false,
        };
        let mut head = b"left from before".to_vec();
        encode_invocation(&mut head, 7, 0x0102_0304, &invocation);
        let mut expected = vec![17, 0, 0, 0, 1, 0, 3, 0, 0, 0, 12, 0, 7, 0, 0, 0, 4, 3, 2, 1, 0, 0, 0, 0];
        expected.extend_from_slice(b"5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6darn{\"client\":1}");
        assert_eq!(head, expected);
    }
}
