//! What it takes to run a function: the box to ask for, and the process to start in it.
//!
//! ```text
//!  interpreter ┐
//!  code        ├─ gathered at once ─► Recipe ─► Spec (once) and Process (at every start)
//!  role        ┘
//! ```
//!
//! What this is *not*: it starts nothing.

mod variables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryFutureExt;
use lanthorn_model::function::Function;
use lanthorn_model::limits;
use lanthorn_model::runtime::Family;
use lanthorn_sandbox::spec::Mount;
use lanthorn_sandbox::{CreateError, Spec};

use crate::runtimes::{Absent, Interpreter};
use crate::{CannotAssume, CodeGone, Rooms, lean};

/// What stays the same from one start of the runtime process to the next.
pub(crate) struct Recipe {
    pub(crate) spec: Spec,
    /// Program and arguments.
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Whether the process is one of our bootstraps.
    pub(crate) lean: bool,
    /// Who is to blame if the program cannot be executed.
    pub(crate) entry: Entry,
}

/// What kind of program a recipe starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An interpreter of ours.
    Interpreter,
    /// The script that `AWS_LAMBDA_EXEC_WRAPPER` names.
    Wrapper,
    /// `/var/task/bootstrap`, which is there.
    Bootstrap,
    /// `/opt/bootstrap`, which may not be there.
    LayerBootstrap,
}

/// Why there is no environment at all. For our own log, and for whoever wanted to place a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotStart {
    #[error(transparent)]
    Runtime(#[from] Absent),
    #[error(transparent)]
    Code(#[from] CodeGone),
    #[error("the execution role cannot be assumed")]
    Role(#[from] CannotAssume),
    #[error("the sandbox cannot be made")]
    Sandbox(#[from] CreateError),
}

const TASK: &str = "/var/task";
const RUNTIME: &str = "/var/runtime";
const WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

/// Gathers all that is needed to run `function`, whose lines go to `group` and `stream`.
pub(crate) async fn recipe(
    rooms: &Rooms,
    function: &Function,
    group: &str,
    stream: &str,
) -> Result<Recipe, CannotStart> {
    let configuration = &function.configuration;
    let interpreter = rooms.runtimes.interpreter(&configuration.runtime).map_err(CannotStart::from);
    let code = rooms.code.unpacked(&function.code).map_err(CannotStart::from);
    let role = rooms.credentials.assume(configuration.role.clone(), function.id.clone()).map_err(CannotStart::from);
    let (interpreter, code, credentials) = futures::try_join!(interpreter, code, role)?;

    let own_bootstrap = tokio::fs::metadata(code.join("bootstrap")).await.is_ok_and(|found| found.is_file());
    let env = variables::all(function, group, stream, &credentials);
    let (argv, entry) = match &interpreter {
        Some(interpreter) => managed_argv(function, interpreter, &env),
        None if own_bootstrap => (vec![format!("{TASK}/bootstrap")], Entry::Bootstrap),
        None => (vec!["/opt/bootstrap".to_owned()], Entry::LayerBootstrap),
    };
    let lean = interpreter.is_some();
    let spec = Spec {
        label: function.id.arn(),
        mounts: mounts(code, rooms.runtimes.bootstrap(&configuration.runtime), interpreter.as_ref()),
        memory_mib: configuration.memory_mib,
        tmp_mib: configuration.ephemeral_storage_mib,
        cpu_milli: cpu_milli(configuration.memory_mib),
        pids_max: u32::try_from(limits::PIDS_MAX).unwrap_or(u32::MAX),
    };
    let mut env: Vec<_> = env.into_iter().collect();
    if lean {
        env.push((lean::ANNOUNCEMENT.to_owned(), lean::DESCRIPTOR.to_string()));
    }
    Ok(Recipe { spec, argv, env, lean, entry })
}

fn mounts(code: PathBuf, bootstrap: Option<&PathBuf>, interpreter: Option<&Arc<Interpreter>>) -> Vec<Mount> {
    let shown = |host: &Path, inside: &str| Mount { host: host.to_owned(), inside: inside.into() };
    let mut mounts = vec![shown(&code, TASK)];
    mounts.extend(bootstrap.map(|bootstrap| shown(bootstrap, RUNTIME)));
    mounts.extend(interpreter.and_then(|interpreter| interpreter.mount.clone()));
    mounts
}

/// The start command of a runtime of ours, behind the function's wrapper if it names one.
fn managed_argv(function: &Function, interpreter: &Interpreter, env: &variables::Variables) -> (Vec<String>, Entry) {
    let wrapper = env.get(WRAPPER).filter(|wrapper| !wrapper.is_empty());
    let mut argv: Vec<String> = wrapper.cloned().into_iter().collect();
    argv.push(interpreter.program.clone());
    match function.configuration.runtime.family() {
        Family::Python => {
            argv.push("-u".to_owned());
            // Without `site`, stray `.pth` files of the host's installation cost no start. A wrapper or a path of
            // the function's own may rely on it (`sitecustomize`).
            let site_wanted = wrapper.is_some() || env.get("PYTHONPATH").is_some_and(|path| path != RUNTIME);
            argv.extend((!site_wanted).then(|| "-S".to_owned()));
            argv.push(format!("{RUNTIME}/bootstrap.py"));
        }
        _ => {
            // The heap's shares of the memory as AWS sets them, so that JavaScript fails before the kernel does.
            let memory_mib = function.configuration.memory_mib;
            argv.push("--expose-gc".to_owned());
            argv.push("--max-http-header-size=81920".to_owned());
            argv.push(format!("--max-semi-space-size={}", (memory_mib / 20).max(1)));
            argv.push(format!("--max-old-space-size={}", memory_mib * 9 / 10));
            argv.push(format!("{RUNTIME}/bootstrap.mjs"));
        }
    }
    (argv, if wrapper.is_some() { Entry::Wrapper } else { Entry::Interpreter })
}

/// Memory buys CPU: 1,769 MiB is one whole one.
pub(crate) fn cpu_milli(memory_mib: u32) -> u32 {
    memory_mib * 1000 / limits::MEMORY_MIB_PER_VCPU
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_buys_cpu_in_proportion() {
        assert_eq!(cpu_milli(128), 72);
        assert_eq!(cpu_milli(1769), 1000);
        assert_eq!(cpu_milli(10_240), 5788);
    }
}
