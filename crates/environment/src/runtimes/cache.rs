//! What earlier starts of the server learned of the candidates, so that this one need not run them again.
//!
//! One JSON file beside the bootstraps, keyed by path, time of change and length. It is a cache: a file that is
//! missing, broken or cannot be written only costs time.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lanthorn_sandbox::Mount;
use serde::{Deserialize, Serialize};

use super::search::Candidate;
use super::{INSIDE, Interpreter, Language};

pub(super) struct Cache {
    file: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    changed_ns: i128,
    bytes: u64,
    /// None if it cannot be used.
    interpreter: Option<Stored>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    language: StoredLanguage,
    version: String,
    executable: PathBuf,
    program: String,
    /// The directory to show at `/var/lang`.
    prefix: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
enum StoredLanguage {
    Python,
    NodeJs,
}

impl Cache {
    pub(super) fn load(directory: &Path) -> Self {
        let file = directory.join("interpreters.json");
        let read = fs::read(&file).ok();
        let entries = read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, entries }
    }

    /// What `candidate` turned out to be, if that is known; `Some(None)` if it cannot be used.
    pub(super) fn recall(&self, candidate: &Candidate) -> Option<Option<(Language, Interpreter)>> {
        let entry = self.entries.get(&key(candidate))?;
        let same = stamp(&candidate.executable)? == (entry.changed_ns, entry.bytes);
        same.then(|| entry.interpreter.as_ref().map(Stored::restore))
    }

    pub(super) fn remember(&mut self, candidate: &Candidate, proved: Option<&(Language, Interpreter)>) {
        let Some((changed_ns, bytes)) = stamp(&candidate.executable) else { return };
        let interpreter = proved.map(|(language, interpreter)| Stored::of(language, interpreter));
        self.entries.insert(key(candidate), Entry { changed_ns, bytes, interpreter });
    }

    /// Writes the file whole or not at all.
    pub(super) fn store(&self) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, serde_json::to_vec_pretty(&self.entries)?)?;
        fs::rename(fresh, &self.file)
    }
}

impl Stored {
    fn of(language: &Language, interpreter: &Interpreter) -> Self {
        let (language, version) = match language {
            Language::Python(version) => (StoredLanguage::Python, version.clone()),
            Language::NodeJs(major) => (StoredLanguage::NodeJs, major.clone()),
        };
        Self {
            language,
            version,
            executable: interpreter.executable.clone(),
            program: interpreter.program.clone(),
            prefix: interpreter.mount.as_ref().map(|mount| mount.host.clone()),
        }
    }

    fn restore(&self) -> (Language, Interpreter) {
        let language = match self.language {
            StoredLanguage::Python => Language::Python(self.version.clone()),
            StoredLanguage::NodeJs => Language::NodeJs(self.version.clone()),
        };
        let mount = self.prefix.clone().map(|host| Mount { host, inside: INSIDE.into() });
        (language, Interpreter { executable: self.executable.clone(), program: self.program.clone(), mount })
    }
}

fn key(candidate: &Candidate) -> String {
    candidate.executable.to_string_lossy().into_owned()
}

/// When `file` was changed last, in nanoseconds of Unix time, and how long it is.
fn stamp(file: &Path) -> Option<(i128, u64)> {
    let metadata = fs::metadata(file).ok()?;
    let changed_ns = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Some((changed_ns, metadata.len()))
}
