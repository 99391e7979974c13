//! Real boxes on this host's kernel, as root and as an ordinary user.
//!
//! ```text
//!  main ── fork the warden, while there is one thread ──► run the chosen tests, on any number of threads
//!    └── run as root: each test a second time in a copy of this program that an ordinary user runs
//! ```
//!
//! Hence a `main` of our own: the usual one makes threads before anybody is asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod confinement;
mod leftovers;
mod lifecycle;
mod limits;
mod support;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

use support::{Bench, PRIVILEGED};

/// The user that plays the ordinary one: `nobody`.
const ORDINARY_ID: &str = "65534";
/// Set in the copy that the ordinary user runs.
const COPY: &str = "LANTHORN_TEST_COPY";

type Test = (&'static str, fn(&Bench) -> Result<(), Failed>);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // The part that plays a server, to be killed by a test.
    if std::env::var_os(leftovers::VICTIM).is_some() {
        leftovers::be_a_victim();
    }
    let tests: Vec<Test> = [confinement::TESTS, limits::TESTS, lifecycle::TESTS, leftovers::TESTS]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(tests, None)).exit_code();
    }
    let bench = Bench::new();
    let conclusion = libtest_mimic::run(&arguments, trials(tests, Some(bench)));
    Bench::close(bench);
    conclusion.exit_code()
}

fn trials(tests: Vec<Test>, bench: Option<&'static Bench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, test) in tests {
        let run = move || test(bench.expect("only a listing has no bench"));
        if *PRIVILEGED {
            trials.push(Trial::test(format!("root::{name}"), run));
            trials.push(Trial::test(format!("ordinary::{name}"), move || as_ordinary(name)));
        } else {
            trials.push(Trial::test(format!("ordinary::{name}"), run));
        }
    }
    trials
}

/// Runs one test in a copy of this program, as an ordinary user.
fn as_ordinary(name: &str) -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let output = Command::new("setpriv")
        .args(["--reuid", ORDINARY_ID, "--regid", ORDINARY_ID, "--clear-groups", "--bounding-set", "-all"])
        .arg(program)
        .args(["--exact", &format!("ordinary::{name}"), "--nocapture"])
        .env(COPY, "1")
        .env("HOME", "/")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("as an ordinary user:\n{}{}", text(&output.stdout), text(&output.stderr)).into())
}
