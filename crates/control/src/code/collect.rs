//! Removing packages that no function uses.
//!
//! ```text
//!  registered ── unused, untouched for the grace period ──► removing ─► directory gone ─► blob gone ─► forgotten
//!      ▲                                                        │
//!      └────────────── a touch before this point wins ──────────┘ a crash from here on: the next collection goes on
//! ```
//!
//! The grace period covers two stretches: a package that was accepted but whose
//! function is not recorded yet, and environments that still run a package whose
//! function was changed or deleted. It is therefore longer than any invocation.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use lanthorn_model::function::Sha256;
use lanthorn_store::Documents;
use lanthorn_store::records::function::{self, DecodeError};

use super::register::{Entry, RegisterError};
use super::{Packages, UNFINISHED, blocking};
use crate::pages;

/// How long an unused package stays: an invocation may last 900 s, and its environment a little longer.
pub const GRACE: Duration = Duration::from_secs(20 * 60);

/// What a collection found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Packages removed now.
    pub removed: usize,
    /// Packages nobody uses that are still within their grace period.
    pub waiting: usize,
}

/// Why a collection ended early. Nothing in use was removed; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The register could not be used.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A function record cannot be read, so nobody knows what it uses.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The store failed.
    #[error("cannot tell which packages are in use")]
    Store(#[from] lanthorn_store::Error),
    /// The cache could not be listed.
    #[error("cannot list the unpacked packages")]
    Cache(#[source] io::Error),
    /// A directory could not be removed.
    #[error("cannot remove the unpacked package {sha256}")]
    Disk {
        /// Which package.
        sha256: Sha256,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

impl Packages {
    /// Removes the packages that none of `documents`' functions uses and that nobody touched for `grace` before `now`.
    ///
    /// # Errors
    /// [`CollectError`]; packages may have been removed before it.
    pub(crate) async fn collect(
        &self,
        documents: &dyn Documents,
        now: Timestamp,
        grace: Duration,
    ) -> Result<Collected, CollectError> {
        // In this order: what is cached or registered after it was looked for is left alone.
        let cached = self.cached().await?;
        let entries = self.register.entries().await?;
        let used = used(documents).await?;
        let registered: HashSet<Sha256> = entries.iter().map(|entry| entry.sha256).collect();
        for sha256 in cached.difference(&registered).filter(|sha256| !used.contains(sha256)) {
            // Left by a dry run, or by a function that was refused after its zip was good.
            self.remove_directory(*sha256).await?;
        }
        let mut collected = Collected::default();
        for entry in entries.into_iter().filter(|entry| !used.contains(&entry.sha256)) {
            if !entry.package.removing && !is_due(&entry, now, grace) {
                collected.waiting += 1;
            } else if let Some(removing) = self.register.start_removal(entry).await? {
                self.remove(removing).await?;
                collected.removed += 1;
            }
        }
        Ok(collected)
    }

    async fn remove(&self, entry: Entry) -> Result<(), CollectError> {
        self.remove_directory(entry.sha256).await?;
        self.blobs.delete(entry.sha256).await?;
        Ok(self.register.finish_removal(entry).await?)
    }

    async fn remove_directory(&self, sha256: Sha256) -> Result<(), CollectError> {
        let (root, directory) = (self.root.clone(), self.directory(&sha256));
        let removed = blocking(move || {
            // Renamed first, so that nobody ever finds half a package under its digest.
            let doomed = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(root)?;
            match fs::rename(&directory, doomed.path()) {
                Ok(()) => doomed.close(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => doomed.close(),
                Err(error) => Err(error),
            }
        });
        removed.await.map_err(|source| CollectError::Disk { sha256, source })
    }

    /// The packages that lie unpacked in the cache.
    async fn cached(&self) -> Result<HashSet<Sha256>, CollectError> {
        let root = self.root.clone();
        let names = blocking(move || -> io::Result<HashSet<Sha256>> {
            let mut cached = HashSet::new();
            for entry in fs::read_dir(root)? {
                let digest: Option<Sha256> = entry?.file_name().to_str().and_then(|name| name.parse().ok());
                cached.extend(digest);
            }
            Ok(cached)
        });
        names.await.map_err(CollectError::Cache)
    }
}

fn is_due(entry: &Entry, now: Timestamp, grace: Duration) -> bool {
    let age_ms = now.as_millisecond().saturating_sub(entry.package.touched_at.as_millisecond());
    u128::try_from(age_ms).is_ok_and(|age_ms| age_ms >= grace.as_millis())
}

/// Every package that some function is, or is about to be, run from.
async fn used(documents: &dyn Documents) -> Result<HashSet<Sha256>, CollectError> {
    let mut used = HashSet::new();
    pages::visit(documents, function::PARTITION_PREFIX, function::HEAD, |document| {
        let record = function::read(document)?;
        used.insert(record.function.code.sha256);
        used.extend(record.running.map(|running| running.code.sha256));
        Ok::<(), CollectError>(())
    })
    .await?;
    Ok(used)
}
