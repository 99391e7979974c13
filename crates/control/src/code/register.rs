//! Writing the register of packages (its shape is `store::records::code`).
//!
//! The collector removes a package only if nobody touched it for a while, and says so
//! in the register before it removes anything. Both sides write with the revision
//! they read, so whoever comes second sees the other, on this machine or another.

use std::sync::Arc;
use std::time::Duration;

use lanthorn_model::clock::SharedClock;
use lanthorn_model::function::Sha256;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Change, CommitError, Document, Expect, Revision};
use lanthorn_store::records::code::{self, DecodeError, Package};

use crate::pages;

/// How long a package that is being removed may stand in the way of one that is being added.
const REMOVAL_WAIT: Duration = Duration::from_secs(10);
/// How often to look whether it is gone.
const REMOVAL_POLL: Duration = Duration::from_millis(50);

/// Why the register could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The package is being removed, and its removal does not come to an end.
    #[error("the package {0} is still being removed")]
    Removing(Sha256),
    /// The register holds something unreadable.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The store failed.
    #[error("cannot use the register of packages")]
    Store(#[from] lanthorn_store::Error),
}

/// An entry as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) sha256: Sha256,
    pub(super) package: Package,
    pub(super) revision: Revision,
}

pub(super) struct Register {
    documents: Arc<dyn Documents>,
    clock: SharedClock,
}

impl Register {
    pub(super) fn new(documents: Arc<dyn Documents>, clock: SharedClock) -> Self {
        Self { documents, clock }
    }

    /// Notes that `sha256` is needed now. Durable when it answers; waits for a removal of it to end.
    pub(super) async fn touch(&self, sha256: Sha256) -> Result<(), RegisterError> {
        let give_up = tokio::time::Instant::now() + REMOVAL_WAIT;
        loop {
            let expect = match self.documents.get(code::key(&sha256)).await? {
                None => Expect::Absent,
                Some(document) => {
                    let (_, package) = code::read(&document)?;
                    if package.removing {
                        if tokio::time::Instant::now() >= give_up {
                            return Err(RegisterError::Removing(sha256));
                        }
                        tokio::time::sleep(REMOVAL_POLL).await;
                        continue;
                    }
                    Expect::At(document.revision)
                }
            };
            let package = Package { touched_at: self.clock.now(), removing: false };
            if self.put(sha256, expect, package).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Every package there is.
    pub(super) async fn entries(&self) -> Result<Vec<Entry>, RegisterError> {
        let mut entries = Vec::new();
        pages::visit(&*self.documents, code::PARTITION_PREFIX, code::PACKAGE, |document| {
            entries.push(Entry::read(document)?);
            Ok::<(), RegisterError>(())
        })
        .await?;
        Ok(entries)
    }

    /// Says that `entry` is being removed; none if somebody touched it meanwhile.
    pub(super) async fn start_removal(&self, entry: Entry) -> Result<Option<Entry>, RegisterError> {
        if entry.package.removing {
            return Ok(Some(entry));
        }
        let package = Package { removing: true, ..entry.package };
        let revision = self.put(entry.sha256, Expect::At(entry.revision), package).await?;
        Ok(revision.map(|revision| Entry { package, revision, ..entry }))
    }

    /// Forgets a package whose removal was started.
    pub(super) async fn finish_removal(&self, entry: Entry) -> Result<(), RegisterError> {
        let delete = Change::Delete { name: code::PACKAGE.to_owned(), expect: Expect::At(entry.revision) };
        match self.documents.commit(code::partition(&entry.sha256), vec![delete]).await {
            // A conflict means that another collector has finished the same removal.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn put(&self, sha256: Sha256, expect: Expect, package: Package) -> Result<Option<Revision>, RegisterError> {
        let put = Change::Put { name: code::PACKAGE.to_owned(), expect, bytes: code::write(&package) };
        match self.documents.commit(code::partition(&sha256), vec![put]).await {
            Ok(revision) => Ok(Some(revision)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

impl Entry {
    fn read(document: &Document) -> Result<Self, DecodeError> {
        let (sha256, package) = code::read(document)?;
        Ok(Self { sha256, package, revision: document.revision })
    }
}
