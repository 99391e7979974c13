//! The control plane: what the owners of functions ask for, one file per operation.
//!
//! ```text
//!  edge ──► functions/{operation}.rs ──► record in the store ──► (watch) front end
//!                │        │                    ▲
//!                         │                    └─(watch)─► functions/settle.rs:
//!                         └─► code/                        Pending ─► Active, InProgress ─► Successful
//!                             zip ─► blob, unpacked directory
//! ```
//!
//! Every answer is read from the store, so a caller sees its own writes; every write
//! names the revision it was decided on, so two callers never overwrite each other.
//!
//! **Absent here**: AWS's error names (`edge::fault_map`), locks shared with the data
//! plane (they meet in the records alone), and any knowledge of IAM or of
//! interpreters: both are asked through the traits of [`host`], which the binary fills.

pub mod code;
pub mod functions;
pub mod host;
mod pages;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lanthorn_model::clock::SharedClock;
use lanthorn_model::function::Architecture;
use lanthorn_store::documents::Revision;
use lanthorn_store::{Documents, Store};

use code::Packages;
use code::collect::{CollectError, Collected};
use functions::settle::{self, Settling};
use host::{DataPlane, Roles, RuntimeCheck};

/// How long an answer waits for the data plane, which is nearly always there already.
const DATA_PLANE_WAIT: Duration = Duration::from_secs(2);

/// What the control plane is made of.
pub struct Parts {
    /// Keeps the records and the zips.
    pub store: Store,
    /// Tells the time.
    pub clock: SharedClock,
    /// Knows the execution roles.
    pub roles: Arc<dyn Roles>,
    /// Knows what this host can run.
    pub runtimes: Arc<dyn RuntimeCheck>,
    /// Follows the records, and runs what they say.
    pub data_plane: Arc<dyn DataPlane>,
    /// The instruction set of this host, and of functions that name none.
    pub architecture: Architecture,
    /// Packages are unpacked below this.
    pub data_dir: PathBuf,
    /// How long a package stays that no function uses; [`code::collect::GRACE`] unless a test says otherwise.
    pub code_grace: Duration,
}

/// The control plane, shared by all shards.
pub struct Control {
    documents: Arc<dyn Documents>,
    clock: SharedClock,
    roles: Arc<dyn Roles>,
    runtimes: Arc<dyn RuntimeCheck>,
    data_plane: Arc<dyn DataPlane>,
    architecture: Architecture,
    code: Arc<Packages>,
    code_grace: Duration,
    _settling: Settling,
}

/// The control plane could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory of unpacked packages cannot be used.
    #[error("cannot open the directory of unpacked code below `{}`", data_dir.display())]
    Cache {
        /// Which data directory.
        data_dir: PathBuf,
        /// What the disk said.
        #[source]
        source: std::io::Error,
    },
}

impl Control {
    /// Opens the control plane and goes on with whatever an earlier run left half-way: functions that are still
    /// Pending, updates still in progress, packages nobody uses.
    ///
    /// Its background tasks live on the runtime this is called on, until the last handle is dropped.
    ///
    /// # Errors
    /// [`OpenError`] if the cache directory cannot be used.
    pub async fn open(parts: Parts) -> Result<Arc<Self>, OpenError> {
        let Parts { store, clock, roles, runtimes, data_plane, architecture, data_dir, code_grace } = parts;
        let code = Packages::open(&store, Arc::clone(&clock), &data_dir).await;
        let code = Arc::new(code.map_err(|source| OpenError::Cache { data_dir, source })?);
        let documents = store.documents;
        let settling = settle::start(Arc::clone(&documents), Arc::clone(&code));
        let control = Arc::new(Self {
            documents,
            clock,
            roles,
            runtimes,
            data_plane,
            architecture,
            code,
            code_grace,
            _settling: settling,
        });
        code::sweep::start(&control);
        Ok(control)
    }

    /// The packages, for whoever mounts or downloads them.
    #[must_use]
    pub fn code(&self) -> &Arc<Packages> {
        &self.code
    }

    /// Removes every package that no function has used for the grace period. Done in the background as well.
    ///
    /// # Errors
    /// [`CollectError`]; nothing in use is ever removed.
    pub async fn collect_code(&self) -> Result<Collected, CollectError> {
        self.code.collect(&*self.documents, self.now(), self.code_grace).await
    }

    /// Waits until calls go by what was read, or the caller would wait too long for it.
    async fn reached(&self, revision: Revision) {
        // A data plane that lost sight of the store says so itself; reading must go on.
        let _ = tokio::time::timeout(DATA_PLANE_WAIT, self.data_plane.reached(revision)).await;
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
