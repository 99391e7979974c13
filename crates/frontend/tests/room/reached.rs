//! What was read from the store is callable once its revision is reached, and not said to be any earlier.

use std::sync::Arc;

use futures::FutureExt;
use lanthorn_frontend::Directory;
use lanthorn_store::Error;
use lanthorn_store::documents::{Event, Revision};
use lanthorn_store::records::function::key;
use tokio::sync::mpsc::UnboundedSender;

use crate::support::{House, Scripted, document, function, placement_of_one_shard};

/// A directory whose first watch says what the test says.
struct Scene {
    directory: Arc<Directory>,
    documents: Arc<Scripted>,
    watch: UnboundedSender<Result<Event, Error>>,
}

fn scene() -> Scene {
    tokio::time::pause();
    let documents = Arc::new(Scripted::default());
    let watch = documents.next_watch();
    let directory = Directory::new(placement_of_one_shard());
    let (follower, followed) = (Arc::clone(&directory), Arc::clone(&documents));
    tokio::spawn(async move { follower.follow(followed).await });
    Scene { directory, documents, watch }
}

impl Scene {
    /// Lets the directory hear `events`.
    async fn hear(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.watch.send(Ok(event)).expect("the directory follows");
        }
        tokio::task::yield_now().await;
    }

    fn reached(&self, revision: u64) -> bool {
        self.directory.reached(Revision(revision)).now_or_never().is_some()
    }
}

fn put(name: &str, revision: u64) -> Event {
    Event::Put(document(&function(name), revision))
}

fn deleted(name: &str, revision: u64) -> Event {
    Event::Deleted { key: key(&function(name).id), revision: Revision(revision) }
}

#[tokio::test]
async fn a_change_is_reached_when_it_is_told() {
    let scene = scene();
    scene.hear([put("a", 4), Event::CaughtUp]).await;
    assert!(scene.reached(3) && scene.reached(4) && !scene.reached(5));
    scene.hear([put("a", 6)]).await;
    assert!(scene.reached(5) && scene.reached(6) && !scene.reached(7));
    scene.hear([deleted("a", 9)]).await;
    assert!(scene.reached(9) && !scene.reached(10));
}

/// The documents that exist are told in the order of their keys, so none speaks for another.
#[tokio::test]
async fn nothing_is_reached_before_all_that_exists_has_been_told() {
    let scene = scene();
    scene.hear([put("a", 7), deleted("b", 9)]).await;
    assert!(!scene.reached(1), "of revision 1 there may be another function");
    assert!(scene.directory.caught_up().now_or_never().is_none());
    scene.hear([put("c", 5), Event::CaughtUp]).await;
    assert!(scene.reached(7) && scene.reached(9) && !scene.reached(10));
    assert!(scene.directory.caught_up().now_or_never().is_some());
}

#[tokio::test]
async fn whoever_waits_is_told() {
    let scene = scene();
    scene.hear([Event::CaughtUp]).await;
    let directory = Arc::clone(&scene.directory);
    let waiting = tokio::spawn(async move { directory.reached(Revision(3)).await });
    scene.hear([put("a", 2)]).await;
    assert!(!waiting.is_finished());
    scene.hear([put("b", 3)]).await;
    waiting.await.expect("told");
}

/// A function may be changed and deleted while nobody looks; whoever waits for the change must not wait for ever.
#[tokio::test]
async fn a_change_that_left_nothing_is_reached_by_the_next_watch() {
    let mut scene = scene();
    scene.hear([put("a", 2), Event::CaughtUp]).await;
    let again = scene.documents.next_watch();
    let directory = Arc::clone(&scene.directory);
    let waiting = tokio::spawn(async move { directory.reached(Revision(3)).await });
    tokio::task::yield_now().await;
    drop(std::mem::replace(&mut scene.watch, again));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    scene.hear([Event::CaughtUp]).await;
    waiting.await.expect("told");
    assert!(!scene.reached(3), "said afterwards, it would be about a change that the watch has not told");
}

#[tokio::test]
async fn the_store_and_the_directory_agree_on_revisions() {
    let house = House::new();
    let f = function("f");
    let first = house.put(&f).await;
    assert!(house.directory.reached(first).now_or_never().is_none(), "nobody follows yet");
    house.follow();
    house.directory.reached(first).await;
    assert_eq!(house.met(&f.id, None), Ok(()));
    for number in 0..50 {
        let g = function(&format!("g{number}"));
        house.directory.reached(house.put(&g).await).await;
        assert_eq!(house.met(&g.id, None), Ok(()));
    }
}
