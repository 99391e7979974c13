//! Files that may be interpreters, by their names and places alone. Nothing is run here.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Config, Language};

/// A program that may be an interpreter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Where it is, links resolved.
    pub(super) executable: PathBuf,
    pub(super) promise: Promise,
}

/// What a program's name promises.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Promise {
    /// Python of this version, as `3.12`.
    Python(String),
    /// Node.js of some version.
    NodeJs,
}

/// Every candidate, those to be preferred first: `PATH`, the usual places, version managers.
pub(super) fn candidates(config: &Config) -> Vec<Candidate> {
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for directory in directories(config) {
        for name in names_in(&directory) {
            let Some(promise) = Promise::of(&name) else { continue };
            let Ok(executable) = directory.join(&name).canonicalize() else { continue };
            let candidate = Candidate { executable, promise };
            // A version manager's shim is a script; what it would run is found in the manager's own directory.
            if seen.insert(candidate.clone()) && is_elf(&candidate.executable) {
                candidates.push(candidate);
            }
        }
    }
    candidates
}

impl Promise {
    fn of(name: &str) -> Option<Self> {
        if let Some(minor) = name.strip_prefix("python3.") {
            let digits = !minor.is_empty() && minor.bytes().all(|c| c.is_ascii_digit());
            return digits.then(|| Self::Python(format!("3.{minor}")));
        }
        matches!(name, "node" | "nodejs").then_some(Self::NodeJs)
    }

    /// Whether a program that promises this may turn out to speak `language`.
    pub(super) fn may_be(&self, language: &Language) -> bool {
        match (self, language) {
            (Self::Python(promised), Language::Python(version)) => promised == version,
            (Self::NodeJs, Language::NodeJs(_)) => true,
            _ => false,
        }
    }
}

/// The directories worth a look, in order of preference.
fn directories(config: &Config) -> Vec<PathBuf> {
    let mut directories = config.path.clone();
    directories.extend(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    if let Some(home) = &config.home {
        // Newer patch releases sort behind older ones and are to be preferred.
        for installations in [".pyenv/versions", ".nodenv/versions", ".nvm/versions/node", ".local/share/uv/python"] {
            directories.extend(children(&home.join(installations)).into_iter().rev().map(|one| one.join("bin")));
        }
    }
    for modules in ["/usr/local/lib/node_modules", "/usr/lib/node_modules"] {
        directories.extend(children(Path::new(modules)).into_iter().map(|package| package.join("bin")));
    }
    directories.extend(children(Path::new("/opt")).into_iter().map(|one| one.join("bin")));
    directories
}

/// What is in `directory`, sorted; nothing if it cannot be read.
fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut children: Vec<_> = entries.map(|entry| entry.path()).collect();
    children.sort();
    children
}

/// The names in `directory` that are UTF-8, sorted; nothing if it cannot be read.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn is_elf(file: &Path) -> bool {
    let mut magic = [0; 4];
    fs::File::open(file).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}
