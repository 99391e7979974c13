//! Packages: restored when the cache is lost, removed when nobody uses them.

use lanthorn_control::code::collect::Collected;
use lanthorn_control::functions::update_code::UpdateFunctionCode;
use tokio::io::AsyncReadExt as _;

use crate::room::{GRACE, Room, id, request, zip};

fn grace_ms() -> i64 {
    i64::try_from(GRACE.as_millis()).expect("minutes")
}

#[tokio::test]
async fn the_zip_can_be_had_again() {
    let room = Room::new().await;
    let function = room.active("f", "x = 1").await;
    let stored = room.control.code().download(function.code.sha256).await.expect("readable");
    let (mut reader, size) = stored.expect("it is there");
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.expect("readable");
    assert_eq!((bytes, size), (zip("x = 1").to_vec(), function.code.size));
}

#[tokio::test]
async fn a_lost_cache_is_unpacked_again() {
    let room = Room::new().await;
    let function = room.active("f", "x = 1").await;
    std::fs::remove_dir_all(room.directory.path().join("cache/code")).expect("it was there");
    std::fs::create_dir(room.directory.path().join("cache/code")).expect("it is gone");
    let all = (0..5).map(|_| room.control.code().unpacked(&function.code));
    for directory in futures::future::join_all(all).await {
        let directory = directory.expect("unpacked from its blob");
        assert_eq!(std::fs::read_to_string(directory.join("index.py")).expect("there"), "x = 1");
    }
}

#[tokio::test]
async fn what_an_interrupted_unpacking_left_is_cleared_at_the_start() {
    let mut room = Room::new().await;
    let unfinished = room.directory.path().join("cache/code/.unpacking-abc");
    std::fs::create_dir(&unfinished).expect("a free name");
    room.restart().await;
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn unused_code_goes_after_the_grace_period_and_used_code_stays() {
    let room = Room::new().await;
    let (shared, alone) = (room.active("f", "x = 1").await.code, room.active("h", "x = 2").await.code);
    room.active("g", "x = 1").await;
    for name in ["f", "h"] {
        room.control.delete_function(&id(name), None).await.expect("it exists");
    }
    room.clock.advance_ms(grace_ms() - 1);
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 0, waiting: 1 });
    room.clock.advance_ms(1);
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 1, waiting: 0 });
    assert!(!room.unpacked(&alone.sha256).exists() && room.unpacked(&shared.sha256).exists());
    assert!(room.control.code().download(alone.sha256).await.expect("readable").is_none());
    assert!(room.control.code().download(shared.sha256).await.expect("readable").is_some());
    assert!(room.control.code().unpacked(&alone).await.is_err());
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 0, waiting: 0 });
}

#[tokio::test]
async fn replaced_code_stays_for_the_environments_that_run_it() {
    let room = Room::new().await;
    let old = room.active("f", "x = 1").await.code;
    room.clock.advance_ms(10 * grace_ms());
    let update =
        UpdateFunctionCode { id: id("f"), zip: zip("x = 2"), architecture: None, revision_id: None, dry_run: false };
    room.control.update_function_code(update).await.expect("it is Active");
    room.settled("f").await;
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 0, waiting: 1 });
    room.control.code().unpacked(&old).await.expect("still there");
    room.clock.advance_ms(grace_ms());
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 1, waiting: 0 });
}

#[tokio::test]
async fn code_that_comes_back_is_kept() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    room.control.delete_function(&id("f"), None).await.expect("it exists");
    room.clock.advance_ms(2 * grace_ms());
    let again = room.active("f", "x = 1").await;
    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 0, waiting: 0 });
    room.control.code().unpacked(&again.code).await.expect("still there");
}

#[tokio::test]
async fn a_package_of_a_refused_function_leaves_the_cache() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    // Accepted as a package; then the name turns out to be taken, which only the last step can tell.
    let code = room.control.code().check(zip("x = 9")).await.expect("a good zip");
    room.control.create_function(request("f", "x = 9")).await.expect_err("the name is taken");
    assert!(room.unpacked(&code.sha256).exists());
    room.control.collect_code().await.expect("it works");
    assert!(!room.unpacked(&code.sha256).exists());
}

#[tokio::test]
async fn a_removal_interrupted_half_way_is_finished() {
    use lanthorn_store::documents::{Change, Expect};
    use lanthorn_store::records::code;

    let room = Room::new().await;
    let function = room.active("f", "x = 1").await;
    room.control.delete_function(&id("f"), None).await.expect("it exists");
    // As a server left it that was killed after it had said it would remove the package.
    let sha256 = function.code.sha256;
    let document = room.store.documents.get(code::key(&sha256)).await.expect("readable").expect("registered");
    let (_, package) = code::read(&document).expect("readable");
    let bytes = code::write(&code::Package { removing: true, ..package });
    let put = Change::Put { name: code::PACKAGE.to_owned(), expect: Expect::Present, bytes };
    room.store.documents.commit(code::partition(&sha256), vec![put]).await.expect("written");

    assert_eq!(room.control.collect_code().await.expect("it works"), Collected { removed: 1, waiting: 0 });
    assert!(room.store.documents.get(code::key(&sha256)).await.expect("readable").is_none());
    room.active("f", "x = 1").await;
}
