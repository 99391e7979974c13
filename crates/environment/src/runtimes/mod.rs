//! The interpreters of this host, and our bootstraps for them.
//!
//! ```text
//!  discover ─► write bootstraps (once per build) ─► list candidates (file names only) ─► known from last time?
//!                                                         │ no                               │ yes
//!                                                         ▼                                  ▼
//!                                             a thread runs each once ───────────────────► found
//! ```
//!
//! Starting the server must not wait for interpreters to start, so discovery never runs one in the foreground:
//! [`Runtimes::check`] answers at once from what is known, [`Runtimes::interpreter`] waits for the runs that concern it.
//! What this is *not*: an installer. An absent runtime is an error that tells what to install.

mod bootstraps;
mod cache;
mod probe;
mod search;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lanthorn_model::runtime::{Family, Runtime};
use lanthorn_sandbox::Mount;
use tokio::sync::watch;

use bootstraps::Bootstraps;
use cache::Cache;
use search::{Candidate, Promise};

/// Where to look, and where to keep things.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// A directory of ours, under the data directory: bootstraps and what is known of the interpreters.
    pub directory: PathBuf,
    /// The directories of `PATH`.
    pub path: Vec<PathBuf>,
    /// The home directory, for version managers.
    pub home: Option<PathBuf>,
}

/// An interpreter, as a sandbox shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable on the host, links resolved.
    pub executable: PathBuf,
    /// The executable inside the sandbox.
    pub program: String,
    /// Its installation, to be shown at `/var/lang`; none if it lives under `/usr`, which every sandbox shows.
    pub mount: Option<Mount>,
}

/// The interpreters of this host.
pub struct Runtimes {
    bootstraps: Bootstraps,
    found: watch::Receiver<Found>,
}

/// This host cannot run a runtime; the text tells what to install.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{runtime} is not available on this machine: {remedy}")]
pub struct Absent {
    /// The runtime.
    pub runtime: Runtime,
    remedy: String,
}

/// The bootstraps could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the runtimes' bootstraps to `{}`", directory.display())]
pub struct CannotInstall {
    directory: PathBuf,
    #[source]
    source: io::Error,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
struct Found {
    interpreters: BTreeMap<Language, Arc<Interpreter>>,
    /// What the candidates promise whose run is still to come.
    pending: Vec<Promise>,
}

/// A language we have a bootstrap for, and its version as the runtime's name tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    Python(String),
    NodeJs(String),
}

/// The directory every sandbox shows as it is.
const SHOWN: &str = "/usr";
/// Where AWS has its interpreters.
const INSIDE: &str = "/var/lang";

impl Runtimes {
    /// Looks for interpreters. Returns quickly: what was not known from an earlier start is tried out by a thread.
    ///
    /// # Errors
    /// [`CannotInstall`] if the bootstraps cannot be written.
    pub fn discover(config: &Config) -> Result<Arc<Self>, CannotInstall> {
        let failed = |source| CannotInstall { directory: config.directory.clone(), source };
        let bootstraps = Bootstraps::install(&config.directory).map_err(failed)?;
        let cache = Cache::load(bootstraps.root());
        let mut found = Found::default();
        let mut untried = Vec::new();
        for candidate in search::candidates(config) {
            match cache.recall(&candidate) {
                Some(Some((language, interpreter))) => found.add(language, interpreter),
                Some(None) => {}
                None => {
                    found.pending.push(candidate.promise.clone());
                    untried.push(candidate);
                }
            }
        }
        let (tx, rx) = watch::channel(found);
        let this = Self { bootstraps, found: rx };
        if !untried.is_empty() {
            let python = this.bootstraps.python.clone();
            std::thread::Builder::new()
                .name("runtimes".to_owned())
                .spawn(move || try_out(untried, cache, &python, &tx))
                .map_err(failed)?;
        }
        Ok(Arc::new(this))
    }

    /// Exactly these interpreters; nothing is looked for. For tests, and for whoever knows better.
    ///
    /// # Errors
    /// [`CannotInstall`] if the bootstraps cannot be written below `directory`.
    pub fn given(
        directory: &Path,
        interpreters: impl IntoIterator<Item = (Runtime, Interpreter)>,
    ) -> Result<Arc<Self>, CannotInstall> {
        let failed = |source| CannotInstall { directory: directory.to_owned(), source };
        let bootstraps = Bootstraps::install(directory).map_err(failed)?;
        let mut found = Found::default();
        for (runtime, interpreter) in interpreters {
            if let Ok(Some(language)) = Language::of(&runtime) {
                found.add(language, interpreter);
            }
        }
        Ok(Arc::new(Self { bootstraps, found: watch::channel(found).1 }))
    }

    /// Whether this host can run `runtime`, as far as is known without waiting: an interpreter that looks right but
    /// was not tried out yet counts.
    ///
    /// # Errors
    /// [`Absent`], which tells what to install.
    pub fn check(&self, runtime: &Runtime) -> Result<(), Absent> {
        let Some(language) = Language::of(runtime)? else { return Ok(()) };
        let found = self.found.borrow();
        if found.interpreters.contains_key(&language) || found.may_find(&language) {
            Ok(())
        } else {
            Err(language.absent(runtime))
        }
    }

    /// The interpreter of `runtime`; none if the function brings its own. Waits until every interpreter that may be
    /// it has been tried out.
    ///
    /// # Errors
    /// [`Absent`], which tells what to install.
    pub async fn interpreter(&self, runtime: &Runtime) -> Result<Option<Arc<Interpreter>>, Absent> {
        let Some(language) = Language::of(runtime)? else { return Ok(None) };
        let mut found = self.found.clone();
        let settled = |found: &Found| found.interpreters.contains_key(&language) || !found.may_find(&language);
        // The thread's end leaves nothing pending, so an error here cannot hide an answer.
        let _ = found.wait_for(settled).await;
        match found.borrow().interpreters.get(&language) {
            Some(interpreter) => Ok(Some(Arc::clone(interpreter))),
            None => Err(language.absent(runtime)),
        }
    }

    /// The runtimes with an interpreter that is known to work, oldest version first, with the executable of each.
    /// Right after [`Runtimes::discover`] this may be less than there is: see [`Runtimes::settled`].
    #[must_use]
    pub fn available(&self) -> Vec<(Runtime, PathBuf)> {
        let found = self.found.borrow();
        let mut available: Vec<_> = found
            .interpreters
            .iter()
            .filter_map(|(language, interpreter)| Some((language.runtime()?, interpreter.executable.clone())))
            .collect();
        available.sort_by_key(|(runtime, _)| (runtime.family() as u8, version_order(runtime.version())));
        available
    }

    /// Resolves when every interpreter has been tried out.
    pub async fn settled(&self) {
        let mut found = self.found.clone();
        // An error means that the thread has ended, and with it the trying out.
        let _ = found.wait_for(|found| found.pending.is_empty()).await;
    }

    /// The directory to show at `/var/runtime`; none for runtimes that bring their own.
    pub(crate) fn bootstrap(&self, runtime: &Runtime) -> Option<&PathBuf> {
        match runtime.family() {
            Family::Python => Some(&self.bootstraps.python),
            Family::NodeJs => Some(&self.bootstraps.nodejs),
            _ => None,
        }
    }
}

impl Found {
    /// Earlier candidates win: they stand earlier in `PATH`.
    fn add(&mut self, language: Language, interpreter: Interpreter) {
        self.interpreters.entry(language).or_insert_with(|| Arc::new(interpreter));
    }

    fn may_find(&self, language: &Language) -> bool {
        self.pending.iter().any(|promise| promise.may_be(language))
    }
}

/// The thread of [`Runtimes::discover`]: runs each candidate once, tells and remembers what it is.
fn try_out(candidates: Vec<Candidate>, mut cache: Cache, python: &Path, found: &watch::Sender<Found>) {
    for candidate in candidates {
        let proved = probe::run(&candidate, python);
        if let Err(reason) = &proved {
            tracing::debug!(executable = %candidate.executable.display(), reason, "not a usable interpreter");
        }
        let proved = proved.ok();
        cache.remember(&candidate, proved.as_ref());
        found.send_modify(|found| {
            if let Some(first) = found.pending.iter().position(|pending| *pending == candidate.promise) {
                found.pending.swap_remove(first);
            }
            if let Some((language, interpreter)) = proved {
                found.add(language, interpreter);
            }
        });
    }
    if let Err(error) = cache.store() {
        tracing::debug!(%error, "interpreters will be tried out again at the next start");
    }
}

impl Language {
    /// The language of `runtime`; none if the function brings its own.
    fn of(runtime: &Runtime) -> Result<Option<Self>, Absent> {
        match runtime.family() {
            Family::Python => Ok(Some(Self::Python(runtime.version().to_owned()))),
            Family::NodeJs => Ok(Some(Self::NodeJs(runtime.version().to_owned()))),
            Family::Provided => Ok(None),
            Family::Java | Family::Ruby | Family::DotNet | Family::Go => Err(Absent {
                runtime: runtime.clone(),
                remedy: "Lanthorn has no bootstrap for this language; package the function for provided.al2023"
                    .to_owned(),
            }),
        }
    }

    fn runtime(&self) -> Option<Runtime> {
        match self {
            Self::Python(version) => format!("python{version}").parse().ok(),
            Self::NodeJs(major) => format!("nodejs{major}.x").parse().ok(),
        }
    }

    fn absent(&self, runtime: &Runtime) -> Absent {
        let remedy = match self {
            Self::Python(version) => format!(
                "install Python {version}, by the distribution's package `python{version}` or by `pyenv install {version}`"
            ),
            Self::NodeJs(major) => format!(
                "install Node.js {major}, by the distribution's package `nodejs` if it is that version or by \
                 `npm install --global node@{major}`"
            ),
        };
        Absent { runtime: runtime.clone(), remedy }
    }
}

/// `3.9` before `3.12`.
fn version_order(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
