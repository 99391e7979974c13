//! A disk that refuses: the kernel forbids a child process any file beyond two megabytes, or four.
//!
//! The errors are real ones, from `write(2)`, in the middle of the log, the database and a blob. The
//! child says what was acknowledged; its parent, whom nothing limits, looks afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::clock::ManualClock;
use lanthorn_store::documents::{Change, CommitError, Expect, Key};
use lanthorn_store::embedded::open;
use lanthorn_store::{Error, Failure, Store};

const DIRECTORY: &str = "LANTHORN_NO_ROOM_DIRECTORY";

/// Failures in a row after which the child believes that nothing fits any more.
const REFUSALS: usize = 5;

fn open_store(directory: PathBuf) -> Store {
    open(&directory, Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).unwrap()
}

fn key(number: usize) -> Key {
    Key { partition: "p".to_owned(), name: format!("{number:04}") }
}

fn body(number: usize) -> Bytes {
    Bytes::from(vec![number as u8; 50_000])
}

async fn put(store: &Store, number: usize) -> Result<(), CommitError> {
    let Key { partition, name } = key(number);
    let change = Change::Put { name, expect: Expect::Absent, bytes: body(number) };
    store.documents.commit(partition, vec![change]).await.map(|_| ())
}

#[track_caller]
fn assert_disk(error: &Error) {
    assert!(matches!(error.failure, Failure::Io(_) | Failure::Full(_)), "{error:?}");
}

#[tokio::test]
#[ignore = "runs only as the child of the other test"]
async fn child() {
    // Asked for by hand, with all other ignored tests: there is nothing to do.
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    println!();
    let store = open_store(directory.into());
    let mut refusals = 0;
    let mut kept = Vec::new();
    for number in 0..1000 {
        match put(&store, number).await {
            Ok(()) => {
                println!("kept {number}");
                kept.push(number);
                refusals = 0;
            }
            Err(CommitError::Store(error)) => {
                assert_disk(&error);
                refusals += 1;
            }
            Err(conflict) => panic!("{conflict:?}"),
        }
        if refusals == REFUSALS {
            break;
        }
    }
    assert_eq!(refusals, REFUSALS, "there was room for all of it");
    for number in kept {
        assert_eq!(store.documents.get(key(number)).await.unwrap().unwrap().bytes, body(number), "reading goes on");
    }
    let large = vec![1; 8_000_000];
    let error = store.blobs.put(Box::pin(std::io::Cursor::new(large))).await.unwrap_err();
    assert_disk(&error);
    println!("end");
}

#[tokio::test]
async fn a_disk_that_refuses_takes_nothing_back() {
    let directory = tempfile::tempdir().unwrap();
    // Without the trap the kernel would end the child with SIGXFSZ instead of failing its writes.
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 4096; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.lines().any(|line| line == "end"), "{said}");
    let kept: Vec<usize> =
        said.lines().filter_map(|line| line.strip_prefix("kept ")).map(|number| number.parse().unwrap()).collect();
    assert!(kept.len() > 20, "{said}");

    let store = open_store(directory.path().to_owned());
    for number in &kept {
        assert_eq!(store.documents.get(key(*number)).await.unwrap().unwrap().bytes, body(*number));
    }
    assert_eq!(std::fs::read_dir(directory.path().join("blobs/incoming")).unwrap().count(), 0);
    put(&store, 5000).await.unwrap();
}
