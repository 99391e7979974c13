//! A directory that lost sight of the store watches again, and comes to know all that happened meanwhile.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{House, function, retagged};

/// Long enough for the directory to watch again.
const AGAIN: Duration = Duration::from_secs(1);

/// Lets the directory watch again, for the `count`th time.
async fn watch_again(house: &House, count: u32) {
    // It has to fall asleep before time can wake it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(AGAIN).await;
    house.documents.watched(count).await;
}

#[tokio::test]
async fn what_changed_while_nobody_looked_is_known_afterwards() {
    let house = House::followed().await;
    let names = ["kept", "changed", "deleted"];
    let [kept, changed, deleted] = names.map(function);
    for function in [&kept, &changed, &deleted] {
        house.directory.reached(house.put(function).await).await;
    }
    let targets = [&kept, &changed].map(|function| house.resolved(&function.id));

    house.documents.interrupt();
    let mut rewritten = retagged(&changed);
    rewritten.configuration.handler = "other.handler".to_owned();
    house.put(&rewritten).await;
    house.delete(&deleted.id).await;
    let made = function("made");
    let last = house.put(&made).await;
    assert!(house.met(&made.id, None).is_err() && house.met(&deleted.id, None).is_ok(), "nobody looks");

    watch_again(&house, 2).await;
    house.directory.reached(last).await;
    assert!(Arc::ptr_eq(&house.resolved(&kept.id), &targets[0]), "its environments stay warm");
    assert!(!Arc::ptr_eq(&house.resolved(&changed.id), &targets[1]));
    assert_eq!(*house.resolved(&changed.id), rewritten);
    assert_eq!(*house.resolved(&made.id), made);
    assert!(house.met(&deleted.id, None).is_err());

    let g = function("g");
    house.directory.reached(house.put(&g).await).await;
    assert_eq!(house.met(&g.id, None), Ok(()), "and it follows on");
}

#[tokio::test]
async fn a_deletion_that_nobody_saw_is_reached() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    house.documents.interrupt();
    let revision = house.delete(&f.id).await;
    let directory = Arc::clone(&house.directory);
    let waiting = tokio::spawn(async move { directory.reached(revision).await });
    watch_again(&house, 2).await;
    waiting.await.expect("told");
    assert!(house.met(&f.id, None).is_err());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_no_deletion() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    let target = house.resolved(&f.id);
    house.documents.interrupt();
    let revision = house.write(&f.id, "head", b"not a record").await;
    watch_again(&house, 2).await;
    house.directory.reached(revision).await;
    assert!(Arc::ptr_eq(&house.resolved(&f.id), &target));
}

#[tokio::test]
async fn a_watch_that_fails_again_and_again_is_begun_again_and_again() {
    let house = House::followed().await;
    for count in 2..6 {
        house.documents.interrupt();
        watch_again(&house, count).await;
    }
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    assert_eq!(house.met(&f.id, None), Ok(()));
}
