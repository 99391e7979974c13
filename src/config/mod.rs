//! The configuration, in two types: as written and as used.
//!
//! Defaults, then the file, then the environment, then flags; each overrides
//! what came before, and everything is checked before anything starts. Flags and
//! environment are one: every flag names its variable.

mod written;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lanthorn_edge::Auth;
use lanthorn_model::arn::{AccountId, Region};

pub(crate) use written::Written;

/// How the server runs: complete and checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Everything durable, and the code cache.
    pub(crate) data: PathBuf,
    /// Where the edge listens.
    pub(crate) listen: SocketAddr,
    /// Who is believed without proof.
    pub(crate) auth: Auth,
    /// The one account.
    pub(crate) account: AccountId,
    /// The region of a call that names none.
    pub(crate) region: Region,
    /// How many cores serve.
    pub(crate) shards: usize,
    /// Environments alive at once.
    pub(crate) environments_max: NonZeroU32,
    /// Calls of the account that may run at once.
    pub(crate) concurrent_executions: u32,
    /// How long an environment may sit idle.
    pub(crate) idle_timeout: Duration,
}

/// AWS replaces its workers at the latest after so long.
pub(crate) const ENVIRONMENT_AGE_MAX: Duration = Duration::from_secs(14 * 60 * 60);

impl Config {
    /// What `flags` (which hold the environment too) and the file they name come to.
    pub(crate) fn from(flags: Written, file: Option<&Path>) -> anyhow::Result<Self> {
        let written = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
                let file: Written = toml::from_str(&text)
                    .with_context(|| format!("the configuration file {} is not valid", path.display()))?;
                flags.over(file)
            }
            None => flags,
        };
        Self::checked(written)
    }

    /// The configuration of a house that serves nobody, with its data in `data`.
    pub(crate) fn of_a_passing_house(data: &Path) -> anyhow::Result<Self> {
        Self::checked(Written { data: Some(data.to_owned()), shards: Some(1), ..Written::default() })
    }

    fn checked(written: Written) -> anyhow::Result<Self> {
        let data = match written.data {
            Some(data) => data,
            None => default_data_dir()?,
        };
        let listen = written.listen.as_deref().unwrap_or("127.0.0.1:4566");
        let listen: SocketAddr = listen.parse().with_context(|| format!("`listen`: `{listen}` is not ADDRESS:PORT"))?;
        let auth = match (written.auth.as_deref(), listen.ip().is_loopback()) {
            (None | Some("open"), true) => Auth::Open,
            (Some("strict"), _) | (None, false) => Auth::Strict,
            (Some("open"), false) => {
                bail!("`auth`: `open` would let anybody who reaches {listen} do everything; it works on loopback only")
            }
            (Some(other), _) => bail!("`auth`: `{other}` is neither `open` nor `strict`"),
        };
        let account = written.account.as_deref().unwrap_or("000000000000");
        let region = written.region.as_deref().unwrap_or("us-east-1");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = written.shards.unwrap_or(cores);
        ensure!((1..=1024).contains(&shards), "`shards`: {shards} is not between 1 and 1024");
        let idle_timeout_s = written.idle_timeout_s.unwrap_or(600);
        ensure!(idle_timeout_s >= 1, "`idle_timeout_s`: must be at least 1");
        let environments_max = written.environments_max.unwrap_or(1000);
        Ok(Self {
            data,
            listen,
            auth,
            account: account.parse().context("`account`")?,
            region: region.parse().context("`region`")?,
            shards,
            environments_max: NonZeroU32::new(environments_max).context("`environments_max`: must be at least 1")?,
            concurrent_executions: written.concurrent_executions.unwrap_or(1000),
            idle_timeout: Duration::from_secs(idle_timeout_s),
        })
    }
}

/// `$XDG_DATA_HOME/lanthorn`, else `~/.local/share/lanthorn`.
pub(crate) fn default_data_dir() -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    Ok(home.context("neither --data nor HOME says where to keep data")?.join("lanthorn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(toml: &str) -> Written {
        toml::from_str(toml).expect("valid TOML")
    }

    #[track_caller]
    fn refuses(toml: &str, what: &str) {
        let error = Config::checked(written(toml)).expect_err("it must be refused");
        assert!(format!("{error:#}").contains(what), "{error:#}");
    }

    #[test]
    fn nothing_written_is_a_laptop() {
        let config = Config::checked(written("data = '/tmp/x'")).expect("valid");
        assert_eq!(config.listen.to_string(), "127.0.0.1:4566");
        assert_eq!(config.auth, Auth::Open);
        assert_eq!((config.account.as_str(), config.region.as_str()), ("000000000000", "us-east-1"));
    }

    #[test]
    fn a_flag_overrides_the_file() {
        let merged = written("listen = '127.0.0.1:1'").over(written("listen = '127.0.0.1:2'\nregion = 'eu-west-1'"));
        assert_eq!(merged.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(merged.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn only_loopback_may_be_open() {
        refuses("listen = '0.0.0.0:4566'\nauth = 'open'", "loopback only");
        let config = Config::checked(written("data = '/tmp/x'\nlisten = '0.0.0.0:4566'")).expect("valid");
        assert_eq!(config.auth, Auth::Strict);
    }

    #[test]
    fn nonsense_is_named() {
        refuses("listen = 'here'", "`listen`");
        refuses("account = '12'", "`account`");
        refuses("environments_max = 0", "`environments_max`");
        assert!(toml::from_str::<Written>("colour = 'red'").is_err());
    }
}
