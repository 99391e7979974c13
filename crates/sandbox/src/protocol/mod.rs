//! What the server, the warden and a box's init say to each other.
//!
//! ```text
//!  server ──Request──► warden            one control socket, one datagram a request
//!    │                   │ forks
//!    │                   ▼
//!    └──Order──►       init               one channel a box, made by the server; warden and init both
//!    ◄──Event── (from warden and init)    write to the server's end, init alone reads from the other
//! ```
//!
//! Both are `SOCK_SEQPACKET` pairs: a datagram is a message, never half of one. A message is a header of eight
//! bytes and JSON; descriptors travel beside it. Closing the server's end of a channel destroys the box, closing
//! the control socket ends the warden: nothing has to be said, so nothing can be lost.

pub(crate) mod messages;
pub(crate) mod socket;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Opens every message.
const MAGIC: [u8; 2] = *b"LW";
/// Raised with every change of a message; server and warden are one binary, so they never differ but by mistake.
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 8;

/// The longest message, in bytes; an environment's variables and arguments fit several times over.
pub(crate) const MESSAGE_BYTES_MAX: usize = 128 * 1024;

/// Why a message was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// It would be longer than [`MESSAGE_BYTES_MAX`].
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// The header is not ours.
    #[error("the header is not of this protocol and version")]
    Header,
    /// The header tells another length than came.
    #[error("the header tells {told} bytes and {came} came")]
    Length { told: usize, came: usize },
    /// The body cannot be read or written.
    #[error("the body is malformed")]
    Body(#[from] serde_json::Error),
}

impl From<FrameError> for std::io::Error {
    fn from(error: FrameError) -> Self {
        let kind = match error {
            FrameError::TooLong(_) => std::io::ErrorKind::ArgumentListTooLong,
            FrameError::Header | FrameError::Length { .. } | FrameError::Body(_) => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Writes a message.
pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER_BYTES];
    serde_json::to_writer(&mut frame, message)?;
    if frame.len() > MESSAGE_BYTES_MAX {
        return Err(FrameError::TooLong(frame.len()));
    }
    let body_bytes = (frame.len() - HEADER_BYTES) as u32;
    frame[0..2].copy_from_slice(&MAGIC);
    frame[2..4].copy_from_slice(&VERSION.to_be_bytes());
    frame[4..8].copy_from_slice(&body_bytes.to_be_bytes());
    Ok(frame)
}

/// Reads a message.
pub(crate) fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    let (header, body) = frame.split_first_chunk::<HEADER_BYTES>().ok_or(FrameError::Header)?;
    let [m0, m1, v0, v1, l0, l1, l2, l3] = *header;
    if [m0, m1] != MAGIC || u16::from_be_bytes([v0, v1]) != VERSION {
        return Err(FrameError::Header);
    }
    let told = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
    if told != body.len() {
        return Err(FrameError::Length { told, came: body.len() });
    }
    Ok(serde_json::from_slice(body)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::messages::Order;
    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(process: u32, argv: Vec<String>, env: Vec<(String, String)>) {
            let order = Order::Start { process, argv, env, numbers: vec![3, 9] };
            prop_assert_eq!(decode::<Order>(&encode(&order).unwrap()).unwrap(), order);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(frame: Vec<u8>) {
            let _ = decode::<Order>(&frame);
        }

        #[test]
        fn a_cut_or_padded_message_is_refused(cut in 1_usize..8, padded: bool) {
            let mut frame = encode(&Order::Reset { request: 7 }).unwrap();
            if padded { frame.extend(std::iter::repeat_n(b' ', cut)) } else { frame.truncate(frame.len() - cut) }
            let refused = matches!(decode::<Order>(&frame), Err(FrameError::Length { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn another_version_is_refused() {
        let mut frame = encode(&Order::Reset { request: 7 }).unwrap();
        frame[3] += 1;
        assert!(matches!(decode::<Order>(&frame), Err(FrameError::Header)));
    }

    #[test]
    fn a_message_too_long_is_refused_by_the_writer() {
        let order =
            Order::Start { process: 0, argv: vec!["x".repeat(MESSAGE_BYTES_MAX)], env: vec![], numbers: vec![] };
        assert!(matches!(encode(&order), Err(FrameError::TooLong(_))));
    }
}
