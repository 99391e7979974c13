//! Environments in real sandboxes, with the interpreters of this host.
//!
//! A `main` of its own, because the warden must be forked before the process has threads.

mod functions;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::{Arc, RwLock};

use lanthorn_sandbox::{Linux, warden};
use libtest_mimic::{Arguments, Failed, Trial};

type Test = (&'static str, fn(&Bench) -> Result<(), Failed>);

/// The warden, until the last test has ended.
struct Bench {
    linux: RwLock<Option<Arc<Linux>>>,
}

impl Bench {
    fn linux(&self) -> Arc<Linux> {
        self.linux.read().expect("no panic holds it").clone().expect("tests end before the bench is closed")
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(None)).exit_code();
    }
    let scratch = tempfile::Builder::new().prefix("lanthorn-real-").tempdir().expect("a directory");
    let config = warden::Config { spare_shells: 2, spare_volumes: 1, ..warden::Config::new(scratch.path().to_owned()) };
    let linux = match warden::fork(&config) {
        Ok(warden) => Arc::new(Linux::new(warden)),
        Err(error) => {
            eprintln!("skipped: this host has no sandboxes: {error}");
            return ExitCode::SUCCESS;
        }
    };
    let bench: &'static Bench = Box::leak(Box::new(Bench { linux: RwLock::new(Some(linux)) }));
    let conclusion = libtest_mimic::run(&arguments, trials(Some(bench)));
    let linux = bench.linux.write().expect("no panic holds it").take().and_then(Arc::into_inner);
    if let Some(linux) = linux {
        let closed = async {
            linux.close().await;
            Ok(())
        };
        functions::wait(closed).expect("a runtime");
    }
    conclusion.exit_code()
}

fn trials(bench: Option<&'static Bench>) -> Vec<Trial> {
    let trial = |(name, test): &Test| {
        let test = *test;
        Trial::test(*name, move || test(bench.expect("only a listing has no bench")))
    };
    functions::TESTS.iter().map(trial).collect()
}
