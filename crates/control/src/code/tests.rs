//! The cache directory, without a store: what one digest's directory goes through.

use std::io::{Cursor, Write as _};

use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn zip() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("index.py", SimpleFileOptions::default()).expect("in memory");
    writer.write_all(b"x = 1").expect("in memory");
    writer.finish().expect("in memory").into_inner()
}

fn names(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).expect("readable");
    entries.map(|entry| entry.expect("readable").file_name().into_string().expect("text")).collect()
}

#[test]
fn a_package_lies_under_its_digest_and_nothing_else_stays() {
    let root = TempDir::new().expect("a directory");
    let zip = zip();
    let sha256 = digest(&zip);
    for _ in 0..2 {
        let place = unpack_into_cache(root.path(), &sha256, &zip, &Limits::default()).expect("a good zip");
        assert_eq!(fs::read(place.join("index.py")).expect("there"), b"x = 1");
        assert_eq!(names(root.path()), [sha256.to_string()]);
    }
}

#[test]
fn of_a_refused_package_nothing_stays() {
    let root = TempDir::new().expect("a directory");
    let zip = zip();
    let limits = Limits { unzipped_bytes: 3, ..Limits::default() };
    unpack_into_cache(root.path(), &digest(&zip), &zip, &limits).expect_err("larger than three bytes");
    assert!(names(root.path()).is_empty());
}

#[test]
fn the_digest_is_sha_256() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest(b"").to_string(), empty);
}
