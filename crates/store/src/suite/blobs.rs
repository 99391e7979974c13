//! Claims about blobs: the same bytes back, kept once, whole or not at all.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::join_all;
use lanthorn_model::function::Sha256;
use sha2::Digest;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::Subject;
use crate::blobs::{Reader, Stored};
use crate::{Blobs, Failure};

/// Bytes that differ from place to place and from `seed` to `seed`.
fn bytes(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    (0..size)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

fn source(bytes: Vec<u8>) -> Reader {
    Box::pin(std::io::Cursor::new(bytes))
}

fn name(bytes: &[u8]) -> Sha256 {
    Sha256::new(sha2::Sha256::digest(bytes).into())
}

async fn read(blobs: &Arc<dyn Blobs>, sha256: Sha256) -> Option<Vec<u8>> {
    let (mut reader, size) = blobs.get(sha256).await.unwrap()?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, size);
    Some(bytes)
}

/// Of any size, however the source hands it over.
pub async fn a_blob_reads_as_it_was_put(subject: &mut impl Subject) {
    let blobs = &subject.store().blobs;
    for size in [0, 1, 4096, 262_143, 262_144, 262_145, 2_000_000] {
        let bytes = bytes(size, size as u64);
        let drops: Reader = Box::pin(Drops { bytes: bytes.clone(), next: 0, fail_at: None });
        let stored = blobs.put(drops).await.unwrap();
        assert_eq!(stored, Stored { sha256: name(&bytes), size: size as u64 });
        assert!(read(blobs, stored.sha256).await.unwrap() == bytes, "{size} bytes came back otherwise");
    }
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse().unwrap();
    assert_eq!(read(blobs, empty).await, Some(Vec::new()), "the digest is SHA-256");
}

/// Many writers at once, one blob; one delete and it is gone.
pub async fn the_same_bytes_are_kept_once(subject: &mut impl Subject) {
    let blobs = &subject.store().blobs;
    let bytes = bytes(300_000, 1);
    let puts = (0..12).map(|_| {
        let (blobs, bytes) = (Arc::clone(blobs), bytes.clone());
        tokio::spawn(async move { blobs.put(source(bytes)).await.unwrap() })
    });
    for stored in join_all(puts).await {
        assert_eq!(stored.unwrap(), Stored { sha256: name(&bytes), size: 300_000 });
    }
    assert!(read(blobs, name(&bytes)).await.unwrap() == bytes);
    blobs.delete(name(&bytes)).await.unwrap();
    assert!(read(blobs, name(&bytes)).await.is_none());
}

/// For all but those who read it already; and it can come back.
pub async fn a_deleted_blob_is_gone(subject: &mut impl Subject) {
    let blobs = &subject.store().blobs;
    let bytes = bytes(1_000_000, 2);
    assert!(blobs.get(name(&bytes)).await.unwrap().is_none());
    blobs.delete(name(&bytes)).await.unwrap();
    blobs.put(source(bytes.clone())).await.unwrap();
    let (mut reader, _) = blobs.get(name(&bytes)).await.unwrap().unwrap();
    let mut begun = vec![0; 1000];
    reader.read_exact(&mut begun).await.unwrap();
    blobs.delete(name(&bytes)).await.unwrap();
    assert!(blobs.get(name(&bytes)).await.unwrap().is_none());
    reader.read_to_end(&mut begun).await.unwrap();
    assert!(begun == bytes);
    blobs.put(source(bytes.clone())).await.unwrap();
    assert!(read(blobs, name(&bytes)).await.unwrap() == bytes);
}

/// And the failure is called the source's, not the store's.
pub async fn a_source_that_fails_leaves_nothing(subject: &mut impl Subject) {
    let blobs = &subject.store().blobs;
    let bytes = bytes(600_000, 3);
    for fail_at in [0, 1, 300_000, 599_999] {
        let drops: Reader = Box::pin(Drops { bytes: bytes.clone(), next: 0, fail_at: Some(fail_at) });
        let error = blobs.put(drops).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Unreadable(_)), "{error:?}");
        assert!(blobs.get(name(&bytes[..fail_at])).await.unwrap().is_none());
    }
}

/// Whole, as everything else.
pub async fn blobs_survive_a_restart(subject: &mut impl Subject) {
    let kept = bytes(500_000, 4);
    let gone = bytes(1_000, 5);
    let blobs = &subject.store().blobs;
    for bytes in [&kept, &gone] {
        blobs.put(source(bytes.clone())).await.unwrap();
    }
    blobs.delete(name(&gone)).await.unwrap();
    subject.reopen().await;
    let blobs = &subject.store().blobs;
    assert!(read(blobs, name(&kept)).await.unwrap() == kept);
    assert!(read(blobs, name(&gone)).await.is_none());
}

/// A source that comes in pieces of uneven length, and may break off.
struct Drops {
    bytes: Vec<u8>,
    next: usize,
    fail_at: Option<usize>,
}

impl AsyncRead for Drops {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.fail_at.is_some_and(|fail_at| self.next >= fail_at) {
            return Poll::Ready(Err(std::io::Error::other("the client went away")));
        }
        let end = self.fail_at.unwrap_or(self.bytes.len());
        let length = (self.next % 7919 + 1).min(end - self.next).min(into.remaining());
        into.put_slice(&self.bytes[self.next..self.next + length]);
        self.next += length;
        Poll::Ready(Ok(()))
    }
}
