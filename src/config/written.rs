//! The configuration as people write it: every key optional, nothing checked.

use std::path::PathBuf;

/// What a file, the environment or flags may say.
#[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Where everything durable is kept; a second start with the same directory continues where the first stopped
    /// [default: ~/.local/share/lanthorn]
    #[arg(long, value_name = "DIR", env = "LANTHORN_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// Address and port that every service answers on [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT", env = "LANTHORN_LISTEN")]
    pub(crate) listen: Option<String>,

    /// `open`: on loopback, any unknown access key counts as the account's root. `strict`: every signature must
    /// verify; the only mode on other addresses [default: open on loopback]
    #[arg(long, value_name = "open|strict", env = "LANTHORN_AUTH")]
    pub(crate) auth: Option<String>,

    /// The account's twelve digits [default: 000000000000]
    #[arg(long, value_name = "ID", env = "LANTHORN_ACCOUNT")]
    pub(crate) account: Option<String>,

    /// The region of a call that names none [default: us-east-1]
    #[arg(long, value_name = "REGION", env = "LANTHORN_REGION")]
    pub(crate) region: Option<String>,

    /// How many cores serve [default: all]
    #[arg(long, value_name = "N", env = "LANTHORN_SHARDS")]
    pub(crate) shards: Option<usize>,

    /// Execution environments alive at once, idle ones included [default: 1000]
    #[arg(long, value_name = "N", env = "LANTHORN_ENVIRONMENTS_MAX")]
    pub(crate) environments_max: Option<u32>,

    /// Calls of the account that may run at once [default: 1000]
    #[arg(long, value_name = "N", env = "LANTHORN_CONCURRENT_EXECUTIONS")]
    pub(crate) concurrent_executions: Option<u32>,

    /// Seconds an environment may sit idle before it is retired [default: 600]
    #[arg(long, value_name = "SECONDS", env = "LANTHORN_IDLE_TIMEOUT_S")]
    pub(crate) idle_timeout_s: Option<u64>,
}

impl Written {
    /// What `self` says, and `below` where `self` says nothing.
    pub(crate) fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            listen: self.listen.or(below.listen),
            auth: self.auth.or(below.auth),
            account: self.account.or(below.account),
            region: self.region.or(below.region),
            shards: self.shards.or(below.shards),
            environments_max: self.environments_max.or(below.environments_max),
            concurrent_executions: self.concurrent_executions.or(below.concurrent_executions),
            idle_timeout_s: self.idle_timeout_s.or(below.idle_timeout_s),
        }
    }
}
