//! Starting, ending, resetting, freezing, destroying.

use std::io::BufRead as _;
use std::time::Duration;

use lanthorn_sandbox::{Exit, Gone, StartError};
use libtest_mimic::Failed;

use crate::Test;
use crate::support::{Bench, PYTHON, expect, process, read_all, run_in, spec, wait};

pub(crate) const TESTS: &[Test] = &[
    ("exits_are_told", exits_are_told),
    ("a_program_that_is_not_there_is_named", a_program_that_is_not_there_is_named),
    ("signals_reach_the_named_process", signals_reach_the_named_process),
    ("reset_kills_everything_and_keeps_tmp", reset_kills_everything_and_keeps_tmp),
    ("a_frozen_box_stands_still", a_frozen_box_stands_still),
    ("a_frozen_box_can_be_reset_and_destroyed", a_frozen_box_can_be_reset_and_destroyed),
    ("destroy_ends_what_runs", destroy_ends_what_runs),
    ("many_boxes_at_once", many_boxes_at_once),
    ("a_large_environment_fits", a_large_environment_fits),
];

fn exits_are_told(bench: &Bench) -> Result<(), Failed> {
    let run = |script: &str| bench.run(spec(), &["/bin/sh", "-c", script]).0;
    expect("exit 0", run("exit 0"), Exit::Exited(0))?;
    expect("exit 42", run("exit 42"), Exit::Exited(42))?;
    expect("a signal", run("kill -SEGV $$"), Exit::Signalled(libc::SIGSEGV))
}

fn a_program_that_is_not_there_is_named(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let start = async |program: &str| created.sandbox.start(process("runtime", &[program]).0).await.unwrap_err();
        let StartError::Execute { program, source } = start("/var/task/bootstrap").await else {
            return Err("gone".into());
        };
        expect("program", program.as_str(), "/var/task/bootstrap")?;
        expect("error", source.raw_os_error(), Some(libc::ENOENT))?;
        let StartError::Execute { source, .. } = start("/etc/passwd").await else { return Err("gone".into()) };
        expect("error", source.raw_os_error(), Some(libc::EACCES))?;
        let after = run_in(&*created.sandbox, &["/bin/echo", "alive"]).await;
        created.sandbox.destroy().await;
        expect("afterwards", after.1.as_str(), "alive\n")
    })
}

fn signals_reach_the_named_process(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let (one, _one_reader) = process("one", &["/usr/bin/sleep", "1000"]);
        let (two, _two_reader) = process("two", &["/usr/bin/sleep", "1000"]);
        let (one, mut two) = (created.sandbox.start(one).await?, created.sandbox.start(two).await?);
        created.sandbox.signal("one", libc::SIGTERM).await;
        expect("one", one.await?, Exit::Signalled(libc::SIGTERM))?;
        created.sandbox.signal("nobody", libc::SIGTERM).await;
        expect("two still runs", two.try_recv().is_err(), true)?;
        created.sandbox.signal("two", libc::SIGINT).await;
        expect("two", two.await?, Exit::Signalled(libc::SIGINT))?;
        created.sandbox.destroy().await;
        Ok(())
    })
}

fn reset_kills_everything_and_keeps_tmp(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        // A process in the background, of another session, that ignores what it can.
        let script = "echo kept > /tmp/file; setsid sh -c 'trap \"\" TERM HUP; echo started; sleep 1000' & wait";
        let (process, reader) = process("runtime", &["/bin/sh", "-c", script]);
        let exited = created.sandbox.start(process).await?;
        let mut reader = std::io::BufReader::new(reader);
        let (line, reader) = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            reader.read_line(&mut line).map(|_| (line, reader))
        })
        .await??;
        expect("it has started", line.as_str(), "started\n")?;
        created.sandbox.reset().await?;
        // The reader ends: whoever had the pipe is dead.
        let rest = tokio::task::spawn_blocking(move || read_all(reader.into_inner()));
        expect("nothing more", rest.await?.as_str(), "")?;
        expect("the process", exited.await?, Exit::Signalled(libc::SIGKILL))?;
        let program = "import os; print([p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()], open('/tmp/file').read())";
        let ran = run_in(&*created.sandbox, &[PYTHON, "-c", program]).await;
        created.sandbox.destroy().await;
        expect("afterwards", (ran.0, ran.1.trim()), (Exit::Exited(0), "[] kept"))
    })
}

fn a_frozen_box_stands_still(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let script = "i=0; while :; do i=$((i+1)); echo $i; done";
        let (process, mut reader) = process("counter", &["/bin/sh", "-c", script]);
        let exited = created.sandbox.start(process).await?;
        created.sandbox.freeze().await?;
        // What it wrote before is read; then nothing more comes.
        let read = tokio::task::spawn_blocking(move || {
            use std::io::Read as _;
            use std::os::fd::AsFd as _;
            let mut poll = |patience: Duration| {
                let timeout = nix::poll::PollTimeout::try_from(patience).unwrap();
                let fds = &mut [nix::poll::PollFd::new(reader.as_fd(), nix::poll::PollFlags::POLLIN)];
                let ready = nix::poll::poll(fds, timeout).unwrap() > 0;
                if ready {
                    let _ = reader.read(&mut [0; 65536]).unwrap();
                }
                ready
            };
            while poll(Duration::from_millis(100)) {}
            (poll(Duration::from_millis(100)), reader)
        });
        let (more, reader) = read.await?;
        expect("it writes while frozen", more, false)?;
        created.sandbox.thaw().await?;
        let woke = tokio::task::spawn_blocking(move || {
            use std::io::Read as _;
            let mut reader = reader;
            reader.read(&mut [0; 1]).unwrap()
        });
        expect("it writes again", woke.await?, 1)?;
        created.sandbox.destroy().await;
        expect("the end", exited.await.is_ok(), true)
    })
}

fn a_frozen_box_can_be_reset_and_destroyed(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let (sleeper, _reader) = process("sleeper", &["/usr/bin/sleep", "1000"]);
        let exited = created.sandbox.start(sleeper).await?;
        created.sandbox.freeze().await?;
        created.sandbox.reset().await?;
        expect("after reset", exited.await?, Exit::Signalled(libc::SIGKILL))?;
        let (sleeper, _reader) = process("sleeper", &["/usr/bin/sleep", "1000"]);
        let exited = created.sandbox.start(sleeper).await?;
        created.sandbox.freeze().await?;
        created.sandbox.destroy().await;
        expect("after destroy", exited.await?, Exit::Gone)
    })
}

fn destroy_ends_what_runs(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let (sleeper, reader) = process("sleeper", &["/bin/sh", "-c", "sleep 1000 & sleep 1000"]);
        let exited = created.sandbox.start(sleeper).await?;
        created.sandbox.destroy().await;
        expect("the exit", exited.await?, Exit::Gone)?;
        expect("the output has ended", read_all(reader).as_str(), "")?;

        let dropped = bench.create(spec()).await;
        let (sleeper, reader) = process("sleeper", &["/usr/bin/sleep", "1000"]);
        let exited = dropped.sandbox.start(sleeper).await?;
        drop(dropped);
        expect("dropped", exited.await?, Exit::Gone)?;
        expect("the output has ended", read_all(reader).as_str(), "")?;
        expect("a word for it", Gone.to_string().as_str(), "the sandbox is gone")
    })
}

fn many_boxes_at_once(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let one = async |number: u32| -> (Exit, String) {
            let created = bench.create(spec()).await;
            let ran = run_in(&*created.sandbox, &["/bin/echo", &number.to_string()]).await;
            created.sandbox.destroy().await;
            ran
        };
        let all = futures::future::join_all((0..24).map(one)).await;
        for (number, ran) in all.into_iter().enumerate() {
            expect("one of many", ran, (Exit::Exited(0), format!("{number}\n")))?;
        }
        Ok(())
    })
}

fn a_large_environment_fits(bench: &Bench) -> Result<(), Failed> {
    wait(async {
        let created = bench.create(spec()).await;
        let (mut printer, reader) = process("printer", &["/bin/sh", "-c", "echo ${#LARGE}"]);
        printer.env.push(("LARGE".to_owned(), "x".repeat(64 * 1024)));
        let output = tokio::task::spawn_blocking(move || read_all(reader));
        let exit = created.sandbox.start(printer).await?.await?;
        expect("64 KiB", (exit, output.await?.trim()), (Exit::Exited(0), "65536"))?;
        let (mut printer, _reader) = process("printer", &["/bin/true"]);
        printer.env.push(("LARGE".to_owned(), "x".repeat(1024 * 1024)));
        let refused = created.sandbox.start(printer).await;
        created.sandbox.destroy().await;
        let too_long =
            matches!(refused, Err(StartError::Execute { source, .. }) if source.raw_os_error() == Some(libc::E2BIG));
        expect("1 MiB is refused", too_long, true)
    })
}
