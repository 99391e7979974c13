//! Our bootstraps: part of the binary, written out once per build for sandboxes to show at `/var/runtime`.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where this build's bootstraps are.
pub(super) struct Bootstraps {
    root: PathBuf,
    pub(super) python: PathBuf,
    pub(super) nodejs: PathBuf,
}

/// A file of a bootstrap: its path below the root, and its text.
type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtimes/", $path)))),*]
    };
}

const FILES: &[File] = files![
    "python/bootstrap.py",
    "python/lanthorn_runtime/__init__.py",
    "python/lanthorn_runtime/context.py",
    "python/lanthorn_runtime/errors.py",
    "python/lanthorn_runtime/handler.py",
    "python/lanthorn_runtime/link.py",
    "python/lanthorn_runtime/logs.py",
    "python/lanthorn_runtime/loop.py",
    "nodejs/bootstrap.mjs",
    "nodejs/lib/context.mjs",
    "nodejs/lib/errors.mjs",
    "nodejs/lib/handler.mjs",
    "nodejs/lib/invocation.mjs",
    "nodejs/lib/link.mjs",
    "nodejs/lib/logs.mjs",
];

impl Bootstraps {
    /// Writes the bootstraps below `directory`, unless this build has done so before.
    pub(super) fn install(directory: &Path) -> io::Result<Self> {
        let root = directory.join(format!("bootstraps-{:016x}", digest()));
        if !root.is_dir() {
            write_all(directory, &root)?;
        }
        Ok(Self { python: root.join("python"), nodejs: root.join("nodejs"), root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

/// Writes everything beside its place and moves it there at once, so that no half-written bootstrap is ever run.
fn write_all(directory: &Path, root: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let fresh = directory.join(format!("bootstraps-new-{}", std::process::id()));
    for (path, text) in FILES {
        let file = fresh.join(path);
        let parent = file.parent().expect("every file of a bootstrap lies in its language's directory");
        fs::create_dir_all(parent)?;
        fs::write(&file, text)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    }
    readable(&fresh)?;
    match fs::rename(&fresh, root) {
        // Another server of the same build was quicker.
        Err(_) if root.is_dir() => fs::remove_dir_all(&fresh),
        moved => moved,
    }
}

/// Lets the sandbox's user into `directory` and those below it, whatever our umask is.
fn readable(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            readable(&entry.path())?;
        }
    }
    Ok(())
}

/// Names this build's bootstraps: the same text, the same directory.
fn digest() -> u64 {
    let mut hasher = DefaultHasher::new();
    FILES.hash(&mut hasher);
    hasher.finish()
}
