//! Runs a candidate once, to learn what it really is and where it is installed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lanthorn_sandbox::Mount;
use serde::Deserialize;

use super::search::{Candidate, Promise};
use super::{INSIDE, Interpreter, Language, SHOWN};

/// How long an interpreter may take to say what it is.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a run is looked at.
const PERIOD: Duration = Duration::from_millis(2);
/// Longer answers are no answers.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// What an interpreter says of itself.
#[derive(Deserialize)]
struct Answer {
    version: String,
    prefix: PathBuf,
    executable: PathBuf,
}

/// Compiles our bootstrap on the way, so that no function's start has to.
const ASK_PYTHON: &str = "
import json, os, py_compile, sys
os.umask(0o022)
for directory, _, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith('.py'):
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(os.path.join(directory, name), invalidation_mode=mode, doraise=False, quiet=2)
print(json.dumps({
    'version': '%d.%d' % sys.version_info[:2],
    'prefix': os.path.realpath(sys.base_prefix),
    'executable': os.path.realpath(getattr(sys, '_base_executable', sys.executable)),
}))
";

const ASK_NODE: &str = "
const { realpathSync } = require('fs'), { dirname } = require('path');
const executable = realpathSync(process.execPath);
console.log(JSON.stringify({
  version: process.versions.node.split('.')[0], prefix: dirname(dirname(executable)), executable,
}));
";

/// What `candidate` turned out to be. `python` is the directory of the Python bootstrap.
///
/// # Errors
/// Why it cannot be used, for our own log.
pub(super) fn run(candidate: &Candidate, python: &Path) -> Result<(Language, Interpreter), String> {
    let mut command = Command::new(&candidate.executable);
    match &candidate.promise {
        Promise::Python(_) => command.args(["-I", "-S", "-c", ASK_PYTHON]).arg(python),
        Promise::NodeJs => command.args(["-e", ASK_NODE]),
    };
    let answer: Answer = serde_json::from_slice(&output(command)?).map_err(|error| error.to_string())?;
    let language = match &candidate.promise {
        Promise::Python(_) => Language::Python(answer.version),
        Promise::NodeJs => Language::NodeJs(answer.version),
    };
    if !candidate.promise.may_be(&language) {
        return Err(format!("it is {language:?}"));
    }
    Ok((language, shown(answer.executable, &answer.prefix)?))
}

/// Where a sandbox shows the interpreter.
fn shown(executable: PathBuf, prefix: &Path) -> Result<Interpreter, String> {
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or("its path is not UTF-8");
    if executable.starts_with(SHOWN) && prefix.starts_with(SHOWN) {
        let program = text(&executable)?;
        return Ok(Interpreter { executable, program, mount: None });
    }
    let inside = executable.strip_prefix(prefix).map_err(|_| "it lives outside its own installation")?;
    let program = text(&Path::new(INSIDE).join(inside))?;
    let mount = Mount { host: prefix.to_owned(), inside: INSIDE.into() };
    Ok(Interpreter { executable, program, mount: Some(mount) })
}

/// The standard output of `command`, which gets no input and an almost empty environment.
fn output(mut command: Command) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| error.to_string();
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if started.elapsed() > TIMEOUT {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err("it did not answer in time".to_owned());
        }
        std::thread::sleep(PERIOD);
    };
    if !status.success() {
        return Err(format!("it ended with {status}"));
    }
    let mut answer = Vec::new();
    let stdout = child.stdout.take().ok_or("it has no output")?;
    stdout.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).map_err(failed)?;
    Ok(answer)
}
