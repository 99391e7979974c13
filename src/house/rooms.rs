//! The rooms that all shards share, and what each shard makes of them.

use std::sync::Arc;

use anyhow::Context as _;
use lanthorn_control::code::collect::GRACE;
use lanthorn_control::{Control, Parts as ControlParts};
use lanthorn_edge::{Auth, Bounds, Edge, Parts as EdgeParts, code, functions, invoke};
use lanthorn_environment::{Rooms as EnvironmentRooms, Runtimes};
use lanthorn_frontend::{Directory, FrontEnd};
use lanthorn_iam::Iam;
use lanthorn_logs::{Config as LogsConfig, Logs};
use lanthorn_model::arn::{AccountId, Region};
use lanthorn_model::clock::{SharedClock, SystemClock};
use lanthorn_model::credentials::Secret;
use lanthorn_model::function::Architecture;
use lanthorn_placement::{self as placement, Placement};
use lanthorn_sandbox::{Launcher, simulated};
use lanthorn_store::{Store, embedded};
use lanthorn_sts::Sts;
use lanthorn_wire::lambda;
use lanthorn_wire::router::Router;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::root_key;
use crate::commands::runtimes_config;
use crate::config::{Config, ENVIRONMENT_AGE_MAX};
use crate::join::{
    DownloadablePackages, ExecutionRoles, FollowedDirectory, FunctionLogs, HostRuntimes, IamRoles, KnownRoles,
    ShardEndpoint, UnpackedCode,
};

/// What every shard shares.
pub(super) struct Rooms {
    account: AccountId,
    region: Region,
    auth: Auth,
    clock: SharedClock,
    store: Store,
    iam: Arc<Iam>,
    sts: Arc<Sts>,
    logs: Arc<Logs>,
    control: Arc<Control>,
    locations: code::Locations,
    runtimes: Arc<Runtimes>,
    launcher: Arc<dyn Launcher>,
    /// The functions in memory.
    pub(super) directory: Arc<Directory>,
    /// The shared half of placement.
    pub(super) placement: Arc<placement::Shared>,
}

/// The tasks that run beside the shards, on the main thread.
pub(super) struct Followers {
    directory: JoinHandle<()>,
    logs: JoinHandle<()>,
    end_logs: oneshot::Sender<()>,
}

impl Rooms {
    /// Opens everything in the data directory.
    pub(super) async fn open(config: &Config, launcher: Arc<dyn Launcher>) -> anyhow::Result<Arc<Self>> {
        let clock: SharedClock = Arc::new(SystemClock);
        let store = embedded::open(&config.data, Arc::clone(&clock))
            .with_context(|| format!("cannot open the data directory {}", config.data.display()))?;
        let runtimes =
            Runtimes::discover(&runtimes_config(&config.data)).context("cannot prepare the language runtimes")?;
        let iam = Iam::open(&store, Arc::clone(&clock), config.account.clone()).await.context("cannot open IAM")?;
        let sts = Sts::open(&store, Arc::clone(&clock), Arc::new(IamRoles(Arc::clone(&iam))))
            .await
            .context("cannot open STS")?;
        root_key::hand_over(&iam, &config.data)?;
        let logs = Logs::open(&store, Arc::clone(&clock), LogsConfig::default());
        let placement = placement::Shared::new(placement::Config {
            shards: config.shards,
            concurrent_executions: config.concurrent_executions,
            environments_max: config.environments_max,
            idle_timeout: config.idle_timeout,
            age_max: ENVIRONMENT_AGE_MAX,
        });
        let directory = Directory::new(Arc::clone(&placement));
        let control = Control::open(ControlParts {
            store: store.clone(),
            clock: Arc::clone(&clock),
            roles: Arc::new(KnownRoles(Arc::clone(&iam))),
            runtimes: Arc::new(HostRuntimes(Arc::clone(&runtimes))),
            data_plane: Arc::new(FollowedDirectory(Arc::clone(&directory))),
            architecture: host_architecture()?,
            data_dir: config.data.clone(),
            code_grace: GRACE,
        });
        let control = control.await.context("cannot open the control plane")?;
        let locations = code::Locations::new(fresh_secret()?, Arc::clone(&clock));
        Ok(Arc::new(Self {
            account: config.account.clone(),
            region: config.region.clone(),
            auth: config.auth,
            clock,
            store,
            iam,
            sts,
            logs,
            control,
            locations,
            runtimes,
            launcher,
            directory,
            placement,
        }))
    }

    /// Starts what runs beside the shards.
    pub(super) fn follow(&self) -> Followers {
        let (directory, documents) = (Arc::clone(&self.directory), Arc::clone(&self.store.documents));
        let (end_logs, ended) = oneshot::channel();
        let logs = Arc::clone(&self.logs);
        Followers {
            directory: tokio::spawn(async move { directory.follow(documents).await }),
            logs: tokio::spawn(async move { logs.run(async { drop(ended.await) }).await }),
            end_logs,
        }
    }

    /// One shard's edge and placement. To be called on the shard's runtime.
    pub(super) fn shard(&self, number: usize) -> (Arc<Edge>, Placement) {
        let endpoint = Arc::new(ShardEndpoint::default());
        let environments = Arc::new(EnvironmentRooms {
            launcher: Arc::clone(&self.launcher),
            runtimes: Arc::clone(&self.runtimes),
            credentials: Arc::new(ExecutionRoles(Arc::clone(&self.sts))),
            logs: Arc::new(FunctionLogs(self.logs.writer())),
            endpoint: Arc::clone(&endpoint) as _,
            code: Arc::new(UnpackedCode(Arc::clone(self.control.code()))),
            clock: Arc::clone(&self.clock),
        });
        let placement = Placement::new(number, Arc::clone(&self.placement), environments);
        let frontend = FrontEnd::new(Arc::clone(&self.directory), placement.clone());
        let edge = Edge::new(EdgeParts {
            routers: self.routers(&frontend),
            iam: Arc::clone(&self.iam),
            sts: Arc::clone(&self.sts),
            packages: Arc::new(DownloadablePackages(Arc::clone(self.control.code()))),
            locations: self.locations.clone(),
            clock: Arc::clone(&self.clock),
            auth: self.auth,
            account: self.account.clone(),
            default_region: self.region.clone(),
            version: env!("CARGO_PKG_VERSION"),
            bounds: Bounds::default(),
        });
        endpoint.set(&edge);
        (edge, placement)
    }

    /// Every service that is offered, with its handlers.
    fn routers(&self, frontend: &FrontEnd) -> Vec<Arc<Router>> {
        let lambda = functions::register(Router::new(&lambda::SERVICE), &self.control, &self.locations);
        let lambda = invoke::register(lambda, frontend);
        let routers = [lambda, self.iam.router(), self.sts.router(), self.logs.router()];
        routers.into_iter().map(Arc::new).collect()
    }
}

impl Followers {
    /// Ends them; what the functions logged is in the store afterwards.
    pub(super) async fn end(self) {
        // The other side is gone only if the task is.
        let _ = self.end_logs.send(());
        if let Err(error) = self.logs.await {
            tracing::error!(%error, "the last log lines may not be stored");
        }
        self.directory.abort();
    }
}

/// The routers of a house that serves nobody, for looking at what is built.
pub(crate) async fn routers_of_a_passing_house() -> anyhow::Result<Vec<Arc<Router>>> {
    let data = tempfile::tempdir().context("cannot make a temporary directory")?;
    let config = Config::of_a_passing_house(data.path())?;
    let (launcher, _control) = simulated::new();
    let rooms = Rooms::open(&config, Arc::new(launcher)).await?;
    let (edge, placement) = rooms.shard(0);
    drop(edge);
    Ok(rooms.routers(&FrontEnd::new(Arc::clone(&rooms.directory), placement)))
}

/// What download locations are signed with: they need not outlive the process.
fn fresh_secret() -> anyhow::Result<Secret> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system gave no random bytes")?;
    Ok(Secret::new(random.map(|byte| format!("{byte:02x}")).concat()))
}

/// The instruction set that functions are run with here.
fn host_architecture() -> anyhow::Result<Architecture> {
    match std::env::consts::ARCH {
        "x86_64" => Ok(Architecture::X86_64),
        "aarch64" => Ok(Architecture::Arm64),
        other => anyhow::bail!("AWS Lambda knows x86_64 and arm64 functions; this machine is {other}"),
    }
}
