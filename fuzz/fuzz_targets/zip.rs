//! Code packages: any bytes as a zip, and zips that are well made and mean harm.
//!
//! What was unpacked lies inside its directory, is made of files, directories and links that stay inside, has no more
//! bytes than was said, and nothing else was touched.

#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lanthorn_control::code::unpack::{Limits, unpack};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use zip::write::{SimpleFileOptions, ZipWriter};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Bytes(&'a [u8]),
    Made { entries: Vec<Entry<'a>>, bent: Option<(u16, u8)> },
}

#[derive(Arbitrary, Debug)]
enum Entry<'a> {
    File { name: Name<'a>, bytes: &'a [u8], mode: u32 },
    Directory { name: Name<'a> },
    Link { name: Name<'a>, target: Name<'a> },
}

/// Parts that are put together with slashes.
#[derive(Arbitrary, Debug)]
struct Name<'a>(Vec<Part<'a>>);

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Nothing,
    Here,
    Up,
    /// One of three, so that entries meet.
    Short(u8),
    Any(&'a str),
}

const LIMITS: Limits = Limits { unzipped_bytes: 100_000, entries: 50, links: 10 };

fuzz_target!(|input: Input<'_>| {
    let made;
    let zip = match &input {
        Input::Bytes(bytes) => *bytes,
        Input::Made { entries, bent } => {
            made = make(entries, *bent);
            &made
        }
    };
    // In memory where that can be: the package is synced to its disk.
    let memory = Path::new("/dev/shm");
    let outer = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a directory");
    let root = outer.path().join("package");
    fs::create_dir(&root).expect("a directory");
    let unpacked = unpack(zip, &root, &LIMITS);
    let beside = fs::read_dir(outer.path()).expect("readable").count();
    assert_eq!(beside, 1, "something lies beside the package");
    let bytes = look(&root, &root.canonicalize().expect("it is there"));
    if let Ok(said) = unpacked {
        assert!(bytes <= said && said < LIMITS.unzipped_bytes);
    }
});

/// The bytes of all files below `directory`, all of it being what it may be.
fn look(directory: &Path, root: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let metadata = fs::symlink_metadata(&path).expect("it is there");
        assert_eq!(metadata.mode() & 0o7000, 0, "{} has special rights", path.display());
        if metadata.is_dir() {
            bytes += look(&path, root);
        } else if metadata.is_symlink() {
            stays_inside(&path, root);
        } else {
            assert!(metadata.is_file(), "{} is neither file, directory nor link", path.display());
            bytes += metadata.len();
        }
    }
    bytes
}

/// Follows a link by hand: no step of it, wherever it ends, is above the root.
fn stays_inside(link: &Path, root: &Path) {
    let mut seen = BTreeSet::new();
    let mut pending: Vec<PathBuf> = vec![link.to_owned()];
    while let Some(path) = pending.pop() {
        if let Ok(real) = path.canonicalize() {
            assert!(real.starts_with(root), "{} leads to {}", link.display(), real.display());
        }
        if let (Ok(target), true) = (fs::read_link(&path), seen.insert(path.clone())) {
            assert!(target.is_relative(), "{} leads to {}", link.display(), target.display());
            pending.push(path.parent().expect("a link lies somewhere").join(target));
        }
    }
}

/// A zip of `entries`; `bent` puts a byte of it to another value.
fn make(entries: &[Entry<'_>], bent: Option<(u16, u8)>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for entry in entries.iter().take(60) {
        // A writer that refuses an entry has written nothing of it.
        let _ = match entry {
            Entry::File { name, bytes, mode } => writer
                .start_file(name.text(), options.unix_permissions(*mode))
                .and_then(|()| writer.write_all(bytes).map_err(zip::result::ZipError::from)),
            Entry::Directory { name } => writer.add_directory(name.text(), options),
            Entry::Link { name, target } => writer.add_symlink(name.text(), target.text(), options),
        };
    }
    let mut bytes = writer.finish().map(Cursor::into_inner).unwrap_or_default();
    if let Some((at, value)) = bent {
        if let Some(byte) = bytes.get_mut(usize::from(at)) {
            *byte = value;
        }
    }
    bytes
}

impl Name<'_> {
    fn text(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(Part::text).collect();
        parts.join("/")
    }
}

impl Part<'_> {
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Here => ".".to_owned(),
            Self::Up => "..".to_owned(),
            Self::Short(number) => char::from(b'a' + number % 3).to_string(),
            Self::Any(text) => (*text).to_owned(),
        }
    }
}
