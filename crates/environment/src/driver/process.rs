//! One runtime process: its start, and the ends of it that we hold.

use std::io;
use std::os::fd::OwnedFd;

use lanthorn_sandbox::{Exit, Inherited, Sandbox, StartError};
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::launch::{Entry, Recipe};
use crate::lean::{self, Link};
use crate::log::Output;

/// A runtime process that runs, or ran a moment ago.
pub(super) struct Process {
    /// The lean socket; none for a runtime of the function's own.
    pub(super) link: Option<Link>,
    pub(super) output: Output,
    /// Until it has told.
    pub(super) exit: Option<oneshot::Receiver<Exit>>,
    pub(super) speaker: Speaker,
}

/// By which way the runtime last asked for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    Lean,
    Http,
}

/// Why no process runs.
pub(super) enum NotStarted {
    /// The program cannot be executed.
    Entry(Failure),
    /// There is no wrapper: AWS's start script says so and exits.
    Wrapper { said: String, exit: Exit },
    /// The box is gone, or we are short of descriptors.
    Box,
}

/// What AWS's start script exits with.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;

impl Process {
    /// Starts the runtime as `recipe` says.
    pub(super) async fn start(sandbox: &dyn Sandbox, recipe: &Recipe) -> Result<Self, NotStarted> {
        let (process, link, output) = Self::ends(recipe).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot open a runtime's descriptors");
            NotStarted::Box
        })?;
        let speaker = if link.is_some() { Speaker::Lean } else { Speaker::Http };
        match sandbox.start(process).await {
            Ok(exit) => Ok(Self { link, output, exit: Some(exit), speaker }),
            Err(StartError::Gone(_)) => Err(NotStarted::Box),
            Err(StartError::Execute { program, source }) => Err(not_executed(recipe.entry, &program, &source)),
        }
    }

    fn ends(recipe: &Recipe) -> io::Result<(lanthorn_sandbox::Process, Option<Link>, Output)> {
        let (output, writer) = Output::open()?;
        let mut inherited = Vec::new();
        let mut link = None;
        if recipe.lean {
            let (ours, theirs): (Link, OwnedFd) = Link::pair()?;
            link = Some(ours);
            inherited.push(Inherited { number: lean::DESCRIPTOR, descriptor: theirs });
        }
        let process = lanthorn_sandbox::Process {
            name: "runtime".to_owned(),
            argv: recipe.argv.clone(),
            env: recipe.env.clone(),
            output: writer,
            inherited,
        };
        Ok((process, link, output))
    }
}

fn not_executed(entry: Entry, program: &str, source: &io::Error) -> NotStarted {
    let missing = source.kind() == io::ErrorKind::NotFound;
    match entry {
        Entry::Wrapper if missing => {
            NotStarted::Wrapper { said: format!("{program}: does not exist\n"), exit: Exit::Exited(NOT_FOUND) }
        }
        Entry::Wrapper => NotStarted::Wrapper {
            said: format!("{program}: is not an executable\n"),
            exit: Exit::Exited(NOT_EXECUTABLE),
        },
        Entry::LayerBootstrap if missing => NotStarted::Entry(Failure::no_bootstrap()),
        Entry::LayerBootstrap | Entry::Bootstrap | Entry::Interpreter => {
            NotStarted::Entry(Failure::not_executable(program, source))
        }
    }
}
