//! Packages that are good, broken and hostile.

use std::io::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::*;

/// An entry of a zip to be made.
enum Entry<'a> {
    File(&'a str, &'a [u8], u32),
    Directory(&'a str),
    Link(&'a str, &'a str),
}

use Entry::{Directory, File as Plain, Link};

fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for entry in entries {
        match entry {
            Plain(name, bytes, mode) => {
                writer.start_file(*name, options.unix_permissions(*mode)).expect("in memory");
                writer.write_all(bytes).expect("in memory");
            }
            Directory(name) => writer.add_directory(*name, options).expect("in memory"),
            Link(name, target) => writer.add_symlink(*name, *target, options).expect("in memory"),
        }
    }
    writer.finish().expect("in memory").into_inner()
}

fn small() -> Limits {
    Limits { unzipped_bytes: 100_000, entries: 50, links: 5 }
}

/// Unpacks into a directory that has a neighbour, so that what escapes is seen.
fn unpacked(zip: &[u8]) -> (TempDir, PathBuf, Result<u64, UnpackError>) {
    let outer = TempDir::new().expect("a directory");
    let root = outer.path().join("package");
    fs::create_dir(&root).expect("a directory");
    let result = unpack(zip, &root, &small());
    let escaped: Vec<_> = fs::read_dir(outer.path())
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name())
        .filter(|name| name != "package")
        .collect();
    assert!(escaped.is_empty(), "escaped: {escaped:?}");
    (outer, root, result)
}

#[track_caller]
fn check_refused(zip: &[u8], expected: &str) {
    let (_outer, _root, result) = unpacked(zip);
    let said = result.map_err(|error| error.to_string());
    assert!(said.as_ref().is_err_and(|text| text.contains(expected)), "{said:?} does not say {expected:?}");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("there").permissions().mode() & 0o7777
}

#[test]
fn files_directories_links_and_modes_come_out() {
    let package = zip(&[
        Plain("index.py", b"print(1)", 0o600),
        Directory("empty/"),
        Plain("bin/run", b"#!/bin/sh", 0o4710),
        Link("bin/start", "run"),
        Link("lib", "bin"),
    ]);
    let (_outer, root, result) = unpacked(&package);
    assert_eq!(result.expect("a good package"), 17);
    assert_eq!(fs::read(root.join("index.py")).expect("there"), b"print(1)");
    assert_eq!(fs::read(root.join("lib/start")).expect("through links"), b"#!/bin/sh");
    assert_eq!(mode(&root.join("index.py")), 0o644);
    assert_eq!(mode(&root.join("bin/run")), 0o755, "set-id goes, executable stays");
    for directory in ["", "empty", "bin"] {
        assert_eq!(mode(&root.join(directory)), 0o755, "for {directory:?}");
    }
}

#[test]
fn modification_times_are_those_of_the_zip() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let time = DateTime::from_date_and_time(2024, 5, 6, 7, 8, 10).expect("a date");
    writer.start_file("a.py", SimpleFileOptions::default().last_modified_time(time)).expect("in memory");
    let package = writer.finish().expect("in memory").into_inner();
    let (_outer, root, result) = unpacked(&package);
    result.expect("a good package");
    let modified = fs::metadata(root.join("a.py")).expect("there").modified().expect("known");
    let expected: jiff::Timestamp = "2024-05-06T07:08:10Z".parse().expect("a timestamp");
    assert_eq!(modified, SystemTime::from(expected));
}

#[test]
fn what_is_not_a_zip_is_refused() {
    check_refused(b"", "cannot be unpacked");
    check_refused(b"hello", "cannot be unpacked");
    let good = zip(&[Plain("a", &[7; 1000], 0o644)]);
    check_refused(&good[..good.len() - 30], "cannot be unpacked");
}

#[test]
fn damaged_content_is_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file("a", stored).expect("in memory");
    writer.write_all(b"needle in a zip").expect("in memory");
    let mut package = writer.finish().expect("in memory").into_inner();
    let at = package.windows(6).position(|bytes| bytes == b"needle").expect("stored as it is");
    package[at] ^= 1;
    check_refused(&package, "cannot be unpacked");
}

#[test]
fn names_that_leave_the_package_are_refused() {
    for name in ["../escaped", "a/../../escaped", "/escaped", "a/.."] {
        check_refused(&zip(&[Plain(name, b"x", 0o644)]), "name is not allowed");
    }
}

#[test]
fn links_that_leave_the_package_are_refused() {
    for target in ["../escaped", "/etc/passwd", "a/../../escaped"] {
        check_refused(&zip(&[Link("link", target)]), "link points outside");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    check_refused(&zip(&[Link("a", "b"), Plain("a/f", b"x", 0o644)]), "cannot both exist");
    check_refused(&zip(&[Plain("a/f", b"x", 0o644), Link("a", "b")]), "cannot both exist");
    check_refused(&zip(&[Link("a", "b"), Directory("a/")]), "cannot both exist");
    check_refused(&zip(&[Link("./a", "b"), Plain("a", b"x", 0o644)]), "cannot both exist");
    check_refused(&zip(&[Plain("a", b"x", 0o644), Link("./a", "b")]), "cannot both exist");
}

#[test]
fn a_file_is_no_directory() {
    check_refused(&zip(&[Plain("a", b"x", 0o644), Plain("a/b", b"x", 0o644)]), "cannot both exist");
    check_refused(&zip(&[Plain("a/b", b"x", 0o644), Plain("a", b"x", 0o644)]), "cannot both exist");
}

#[test]
fn devices_are_refused() {
    let mut package = zip(&[Plain("dev", b"", 0o644)]);
    // The file type lives in the upper half of the central directory's external attributes.
    let header = package.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").expect("a directory");
    package[header + 38 + 2..header + 38 + 4].copy_from_slice(&0o020_666u16.to_le_bytes());
    check_refused(&package, "neither file, directory nor link");
}

#[test]
fn the_last_of_two_equal_names_stays() {
    let package = zip(&[Plain("./a", b"first", 0o755), Plain("a", b"second", 0o644)]);
    let (_outer, root, result) = unpacked(&package);
    result.expect("a careless package");
    assert_eq!(fs::read(root.join("a")).expect("there"), b"second");
    assert_eq!(mode(&root.join("a")), 0o644);
}

#[test]
fn the_limit_is_exclusive() {
    let exact = zip(&[Plain("a", &vec![0; 100_000], 0o644)]);
    check_refused(&exact, "100000 bytes or more");
    let below = zip(&[Plain("a", &vec![0; 99_999], 0o644)]);
    assert_eq!(unpacked(&below).2.expect("below the limit"), 99_999);
    let together = zip(&[Plain("a", &vec![0; 50_000], 0o644), Plain("b", &vec![0; 50_000], 0o644)]);
    check_refused(&together, "100000 bytes or more");
}

#[test]
fn a_zip_that_lies_about_its_size_is_cut_while_inflating() {
    let mut bomb = zip(&[Plain("bomb", &vec![0; 5_000_000], 0o644)]);
    let header = bomb.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").expect("a directory");
    bomb[header + 24..header + 28].copy_from_slice(&10u32.to_le_bytes());
    let (_outer, root, result) = unpacked(&bomb);
    result.expect_err("it inflates to more than it says");
    let written = fs::metadata(root.join("bomb")).map_or(0, |metadata| metadata.len());
    assert!(written <= 100_000, "wrote {written} bytes");
}

#[test]
fn too_many_entries_or_links_are_refused() {
    let names: Vec<String> = (0..51).map(|number| format!("f{number}")).collect();
    let files: Vec<Entry<'_>> = names.iter().map(|name| Plain(name, b"", 0o644)).collect();
    check_refused(&zip(&files), "too many entries");
    let links: Vec<Entry<'_>> = names[..6].iter().map(|name| Link(name, "there")).collect();
    check_refused(&zip(&links), "too many entries");
    let deep = ["a", "b", "c"].map(|top| format!("{top}/{}f", "d/".repeat(20)));
    let deep: Vec<Entry<'_>> = deep.iter().map(|name| Plain(name, b"", 0o644)).collect();
    check_refused(&zip(&deep), "too many entries");
}

#[test]
fn a_zip_inside_a_zip_is_not_counted_as_entries() {
    let names: Vec<String> = (0..40).map(|number| format!("f{number}")).collect();
    let inner = zip(&names.iter().map(|name| Plain(name, b"", 0o644)).collect::<Vec<_>>());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in &names {
        writer.start_file(format!("{name}.py"), stored).expect("in memory");
    }
    writer.start_file("inner.jar", stored).expect("in memory");
    writer.write_all(&inner).expect("in memory");
    let package = writer.finish().expect("in memory").into_inner();
    unpacked(&package).2.expect("41 entries are few enough");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_goes_in_comes_out(files in btree_map("[a-d]{1,3}(/[e-h]{1,3}){0,2}", vec(any::<u8>(), 0..300), 0..12)) {
        let entries: Vec<Entry<'_>> = files.iter().map(|(name, bytes)| Plain(name, bytes, 0o644)).collect();
        let (_outer, root, result) = unpacked(&zip(&entries));
        if result.is_ok() {
            for (name, bytes) in &files {
                prop_assert_eq!(&fs::read(root.join(name)).expect("there"), bytes);
            }
        } else {
            // Only one reason is left: a name that is a directory for another.
            let clash = files.keys().any(|name| files.keys().any(|other| other.starts_with(&format!("{name}/"))));
            prop_assert!(clash);
        }
    }

    #[test]
    fn no_damage_makes_it_panic_or_escape(at in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut package = zip(&[
            Plain("index.py", &[b'x'; 2000], 0o644),
            Directory("d/"),
            Plain("d/e/f", b"1234", 0o755),
            Link("d/l", "e/f"),
        ]);
        for (index, byte) in at {
            let index = index.index(package.len());
            package[index] = byte;
        }
        let _ = unpacked(&package);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = unpacked(&bytes);
    }
}
