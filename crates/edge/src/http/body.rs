//! Bodies: those that come in, bounded in size, pace and sum; those that go out.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full};
use lanthorn_wire::sigv4::BodyHasher;
use tokio::time::{Instant, timeout_at};

use super::budget::{Budget, Exhausted, Reserved};

/// The body of an answer: whole, as nearly always, or streamed.
pub(crate) type AnswerBody = Either<Full<Bytes>, UnsyncBoxBody<Bytes, std::io::Error>>;

/// How long a client may be silent in the middle of a body.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a whole body may take: 70 MB at 2 Mbit/s, which is as long as a signature is good for.
const WHOLE_WITHIN: Duration = Duration::from_secs(300);
/// How much of a body that nobody wants is read, so that its sender, who listens only
/// after the last byte, hears the refusal.
const DISCARDED_MAX: u64 = 256 * 1024 * 1024;
/// What is allotted before anything has arrived, at most.
const HEAD_START: usize = 64 * 1024;

/// A request's body, whole.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Bytes,
    /// To be kept as long as `bytes` are.
    pub(crate) reserved: Reserved,
}

/// A body that could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    #[error("the body is longer than {limit} bytes")]
    TooLong { limit: u64 },
    #[error("the client sends too slowly")]
    Slow,
    #[error("the client broke off")]
    Broken,
    #[error("too many large bodies are in flight")]
    Busy,
}

/// Reads `body` to its end, at most `limit` bytes, and shows each chunk to `hasher` on its way.
///
/// A body that arrives in one piece is not copied.
pub(crate) async fn collect<B: Body<Data = Bytes>>(
    body: B,
    limit: u64,
    mut hasher: Option<&mut BodyHasher>,
    budget: &Budget,
) -> Result<Collected, CollectError> {
    let mut body = pin!(body);
    let announced = body.size_hint();
    if announced.lower() > limit {
        return Err(CollectError::TooLong { limit });
    }
    let expected = announced.upper().unwrap_or(limit).min(limit);
    let reserved = budget.reserve(expected).await.map_err(|Exhausted| CollectError::Busy)?;
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0_u64;
    let deadline = Instant::now() + WHOLE_WITHIN;
    while !body.is_end_stream() {
        let Some(chunk) = next_chunk(body.as_mut(), deadline).await? else { break };
        length += chunk.len() as u64;
        if length > limit {
            return Err(CollectError::TooLong { limit });
        }
        if let Some(hasher) = hasher.as_deref_mut() {
            hasher.update(&chunk);
        }
        match &first {
            None => first = Some(chunk),
            Some(head) => {
                if rest.is_empty() {
                    let whole = usize::try_from(expected).unwrap_or(usize::MAX);
                    rest.reserve(whole.min(HEAD_START).max(head.len() + chunk.len()));
                    rest.extend_from_slice(head);
                }
                rest.extend_from_slice(&chunk);
            }
        }
    }
    let bytes = if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() };
    Ok(Collected { bytes, reserved })
}

/// Reads what is left of `body` and forgets it, up to a bound.
///
/// A client that is still sending when the connection closes never reads the answer.
pub(crate) async fn discard<B: Body<Data = Bytes>>(body: B) {
    let mut body = pin!(body);
    let deadline = Instant::now() + WHOLE_WITHIN;
    let mut discarded = 0;
    while !body.is_end_stream() && discarded <= DISCARDED_MAX {
        match next_chunk(body.as_mut(), deadline).await {
            Ok(Some(chunk)) => discarded += chunk.len() as u64,
            Ok(None) | Err(_) => return,
        }
    }
}

/// The next piece of data; none at the end. Trailers are passed over.
async fn next_chunk<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    deadline: Instant,
) -> Result<Option<Bytes>, CollectError> {
    loop {
        let until = deadline.min(Instant::now() + SILENCE);
        match timeout_at(until, body.frame()).await {
            Err(_) => return Err(CollectError::Slow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(CollectError::Broken),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// An answer's body that is whole.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> AnswerBody {
    Either::Left(Full::new(bytes.into()))
}

/// An answer's body that is sent as it is read.
pub(crate) fn streamed<B>(body: B) -> AnswerBody
where
    B: Body<Data = Bytes, Error = std::io::Error> + Send + 'static,
{
    Either::Right(UnsyncBoxBody::new(body))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;
    use http_body::Frame;
    use http_body_util::{Empty, StreamBody};
    use lanthorn_wire::sigv4::BodyDigest;

    use super::*;

    fn chunks(chunks: &[&'static str]) -> impl Body<Data = Bytes, Error = Infallible> + use<> {
        let frames: Vec<_> = chunks.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    async fn collected<B: Body<Data = Bytes>>(body: B, limit: u64) -> Result<Bytes, CollectError> {
        collect(body, limit, None, &Budget::new(u64::MAX)).await.map(|collected| collected.bytes)
    }

    #[tokio::test]
    async fn one_piece_is_not_copied() {
        let piece = Bytes::from_static(b"{\"a\": 1}");
        let taken = collected(Full::new(piece.clone()), 8).await.unwrap();
        assert_eq!(taken.as_ptr(), piece.as_ptr());
    }

    #[tokio::test]
    async fn pieces_are_joined_and_hashed_in_order() {
        let mut hasher = BodyHasher::default();
        let budget = Budget::new(u64::MAX);
        let body = collect(chunks(&["ab", "", "cd", "e"]), 5, Some(&mut hasher), &budget).await.unwrap();
        assert_eq!(body.bytes, "abcde");
        assert_eq!(format!("{:?}", hasher.finish()), format!("{:?}", BodyDigest::of(b"abcde")));
        assert_eq!(collected(Empty::<Bytes>::new(), 0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_over_its_limit_is_not_kept() {
        assert!(matches!(
            collected(Full::new(Bytes::from_static(b"abc")), 2).await,
            Err(CollectError::TooLong { limit: 2 })
        ));
        assert!(matches!(collected(chunks(&["ab", "c"]), 2).await, Err(CollectError::TooLong { limit: 2 })));
        assert_eq!(collected(chunks(&["ab"]), 2).await.unwrap(), "ab");
    }

    #[tokio::test]
    async fn what_nobody_wants_is_read_to_its_end() {
        let mut body = pin!(chunks(&["ab", "c", "d"]));
        assert!(collect(body.as_mut(), 2, None, &Budget::new(u64::MAX)).await.is_err());
        assert!(!body.is_end_stream());
        discard(body.as_mut()).await;
        assert!(body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_client_is_not_waited_for_for_ever() {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(SILENCE / 2).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"."))), ()))
        });
        assert!(matches!(collected(StreamBody::new(drops), 1000).await, Err(CollectError::Slow)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_not_waited_for() {
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert!(matches!(collected(silent, 10).await, Err(CollectError::Slow)));
    }
}
