//! What is still there after a restart.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use lanthorn_store::documents::{Change, CommitError, Document, Event, Key, Range, Revision};
use lanthorn_store::{Error, Failure};

use super::*;

#[tokio::test]
async fn the_root_key_is_made_once() {
    let room = Room::open().await;
    let key = room.iam.root_access_key().clone();
    assert!(key.id.as_str().starts_with("AKIA") && key.id.as_str().len() == 20);
    assert_eq!(key.secret.expose().len(), 40);
    assert_eq!(key.id.account(), Some(account()));
    assert!(!format!("{key:?}").contains(key.secret.expose()));
    let opened = room.iam.access_key(key.id.as_str()).unwrap();
    assert_eq!((opened.secret, opened.principal), (key.secret.clone(), Principal::Root { account: account() }));
    assert!(room.iam.access_key("AKIAIOSFODNN7EXAMPLE").is_none());
    let room = Room::open_at(room.close().await).await;
    assert_eq!(room.iam.root_access_key().id, key.id);
    assert_eq!(room.iam.root_access_key().secret, key.secret);
}

#[tokio::test]
async fn roles_and_policies_outlive_the_server() {
    let room = Room::open().await;
    room.role("worker").await;
    room.done("CreatePolicy", &[("PolicyName", "mine"), ("PolicyDocument", ALLOW_S3)]).await;
    let mine = ("PolicyArn", "arn:aws:iam::000000000000:policy/mine");
    room.done("AttachRolePolicy", &[("RoleName", "worker"), mine]).await;
    room.done("PutRolePolicy", &[("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)]).await;
    room.done("TagRole", &[("RoleName", "worker"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")]).await;
    let before = room.iam.role(&"arn:aws:iam::000000000000:role/worker".parse().unwrap()).unwrap();
    let room = Room::open_at(room.close().await).await;
    let after = room.iam.role(&"arn:aws:iam::000000000000:role/worker".parse().unwrap()).unwrap();
    assert_eq!(after, before);
    let read = room.done("GetPolicy", &[mine]).await;
    assert_eq!(member(&read, "AttachmentCount").as_deref(), Some("1"));
}

/// A store whose first watch breaks when it is told to.
struct Breaking {
    inside: Arc<dyn Documents>,
    broken: Arc<tokio::sync::Notify>,
    watched: AtomicBool,
}

impl Documents for Breaking {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        self.inside.get(key)
    }

    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>> {
        self.inside.commit(partition, changes)
    }

    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>> {
        self.inside.list(range)
    }

    fn watch(&self, prefix: String) -> BoxStream<'static, Result<Event, Error>> {
        let events = self.inside.watch(prefix);
        if self.watched.swap(true, Ordering::SeqCst) {
            return events;
        }
        let broken = Arc::clone(&self.broken);
        let lagged = || Err(Error { doing: "watch", failure: Failure::Lagged });
        events.take_until(async move { broken.notified().await }).chain(stream::once(async move { lagged() })).boxed()
    }
}

#[tokio::test]
async fn a_broken_watch_is_taken_up_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = embedded::open(directory.path(), clock()).unwrap();
    let broken = Arc::new(tokio::sync::Notify::new());
    let inside = Arc::clone(&store.documents);
    store.documents = Arc::new(Breaking { inside, broken: Arc::clone(&broken), watched: AtomicBool::new(false) });
    let iam = Iam::open(&store, clock(), account()).await.unwrap();
    broken.notify_one();
    let room = Room { router: iam.router(), iam, directory, store: Arc::downgrade(&store.documents) };
    // The answer comes when the change can be read: only once the watch is there again.
    room.role("worker").await;
    room.done("GetRole", &[("RoleName", "worker")]).await;
    room.done("DeleteRole", &[("RoleName", "worker")]).await;
}
