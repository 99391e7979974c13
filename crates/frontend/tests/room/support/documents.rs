//! Stores whose watches the test has in hand.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use lanthorn_store::documents::{Change, CommitError, Document, Event, Key, Range, Revision};
use lanthorn_store::{Documents, Error, Failure};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

/// A store whose watches can fail.
pub(crate) struct Interruptible {
    inner: Arc<dyn Documents>,
    interruptions: watch::Sender<u32>,
    /// How many watches have begun.
    begun: watch::Sender<u32>,
}

/// A store that holds nothing, whose watches say what the test says.
#[derive(Default)]
pub(crate) struct Scripted(Mutex<VecDeque<mpsc::UnboundedReceiver<Result<Event, Error>>>>);

/// What a watch says when it fails.
pub(crate) fn lagged() -> Error {
    Error { doing: "follow documents", failure: Failure::Lagged }
}

impl Interruptible {
    pub(crate) fn new(inner: Arc<dyn Documents>) -> Self {
        Self { inner, interruptions: watch::Sender::default(), begun: watch::Sender::default() }
    }

    /// Makes every watch fail that has begun.
    pub(crate) fn interrupt(&self) {
        self.interruptions.send_modify(|count| *count += 1);
    }

    /// Waits until `count` watches have begun.
    pub(crate) async fn watched(&self, count: u32) {
        let _ = self.begun.subscribe().wait_for(|begun| *begun >= count).await.expect("the sender is here");
    }
}

impl Documents for Interruptible {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        self.inner.get(key)
    }

    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>> {
        self.inner.commit(partition, changes)
    }

    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>> {
        self.inner.list(range)
    }

    fn watch(&self, partition_prefix: String) -> BoxStream<'static, Result<Event, Error>> {
        self.begun.send_modify(|begun| *begun += 1);
        let mut interruptions = self.interruptions.subscribe();
        let interrupted = async move {
            let _ = interruptions.changed().await;
        };
        let failure = stream::once(std::future::ready(Err(lagged())));
        self.inner.watch(partition_prefix).take_until(Box::pin(interrupted)).chain(failure).boxed()
    }
}

impl Scripted {
    /// What the next watch says, event by event; it ends when this is dropped.
    pub(crate) fn next_watch(&self) -> mpsc::UnboundedSender<Result<Event, Error>> {
        let (tx, rx) = mpsc::unbounded_channel();
        self.0.lock().push_back(rx);
        tx
    }
}

impl Documents for Scripted {
    fn get(&self, _: Key) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn commit(&self, _: String, _: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>> {
        Box::pin(std::future::ready(Err(CommitError::Store(lagged()))))
    }

    fn list(&self, _: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn watch(&self, _: String) -> BoxStream<'static, Result<Event, Error>> {
        let Some(mut script) = self.0.lock().pop_front() else { return stream::pending().boxed() };
        stream::poll_fn(move |cx| script.poll_recv(cx)).boxed()
    }
}
