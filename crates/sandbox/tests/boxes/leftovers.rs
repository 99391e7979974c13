//! Nothing of a box survives it: not when it is destroyed, not when its server is killed, nor its warden.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lanthorn_sandbox::{Enforced, Launcher as _, Linux, warden};
use libtest_mimic::Failed;

use crate::Test;
use crate::support::{Bench, eventually, expect, process, processes_marked, spec, wait};

/// Set for the copy of this program that plays a server.
pub(crate) const VICTIM: &str = "LANTHORN_TEST_VICTIM";

pub(crate) const TESTS: &[Test] = &[
    ("a_destroyed_box_leaves_nothing", a_destroyed_box_leaves_nothing),
    ("a_killed_server_leaves_nothing", a_killed_server_leaves_nothing),
    ("a_killed_warden_leaves_nothing_behind_the_next_start", a_killed_warden_leaves_nothing_behind_the_next_start),
    ("a_late_fork_is_refused", a_late_fork_is_refused),
];

/// Directories of ours in any cgroup hierarchy.
fn cgroups(instance: &str) -> Vec<PathBuf> {
    fn walk(directory: &Path, name: &str, depth: u32, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(directory) else { return };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let path = entry.path();
            if path.file_name().is_some_and(|it| it == name) {
                found.extend(
                    std::fs::read_dir(&path)
                        .into_iter()
                        .flatten()
                        .flatten()
                        .map(|it| it.path())
                        .filter(|it| it.is_dir()),
                );
                found.push(path);
            } else if depth > 0 {
                walk(&path, name, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("/sys/fs/cgroup"), &format!("lanthorn-{instance}"), 5, &mut found);
    found
}

/// The instance whose directory is in `scratch`.
fn instance(scratch: &Path) -> Option<String> {
    let entries = std::fs::read_dir(scratch).ok()?.flatten();
    entries.filter(|entry| entry.path().is_dir()).find_map(|entry| entry.file_name().into_string().ok())
}

/// How many loop devices have an image in `scratch`.
fn loop_devices(scratch: &Path) -> usize {
    let devices = std::fs::read_dir("/sys/block").into_iter().flatten().flatten();
    let images = devices.filter_map(|device| std::fs::read_to_string(device.path().join("loop/backing_file")).ok());
    images.filter(|image| scratch.to_str().is_some_and(|scratch| image.contains(scratch))).count()
}

fn mounts() -> usize {
    std::fs::read_to_string("/proc/self/mounts").unwrap().lines().filter(|line| line.contains("lanthorn")).count()
}

fn a_destroyed_box_leaves_nothing(bench: &Bench) -> Result<(), Failed> {
    let instance = instance(&bench.scratch).expect("the warden has a directory");
    let mark = format!("86{:05}", std::process::id() % 100_000);
    wait(async {
        let created = bench.create(spec()).await;
        let (sleeper, _reader) = process("sleeper", &["/usr/bin/sleep", &mark]);
        let _exited = created.sandbox.start(sleeper).await?;
        expect("it is there while it lives", processes_marked(&mark).len(), 1)?;
        let network = {
            let pid = *processes_marked(&mark).first().expect("just seen");
            std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()
        };
        created.sandbox.destroy().await;
        drop((created.runtime_api, created.endpoint));
        expect("processes", processes_marked(&mark).len(), 0)?;
        expect("mounts in the host's namespace", mounts(), 0)?;
        // Only the shells that the warden keeps ready have cgroups.
        let busy: Vec<PathBuf> = cgroups(&instance)
            .into_iter()
            .filter(|group| std::fs::read_to_string(group.join("cgroup.procs")).is_ok_and(|procs| !procs.is_empty()))
            .collect();
        expect("cgroups with processes", busy, vec![])?;
        if let Some(network) = network {
            expect("processes in its network", in_network(&network), 0)?;
        }
        Ok(())
    })
}

/// How many processes are in the network namespace behind the link `network`.
fn in_network(network: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter(|entry| std::fs::read_link(entry.path().join("ns/net")).is_ok_and(|it| it == network)).count()
}

/// Plays a server: makes two boxes, one of them frozen, each with a process, and waits to be killed.
pub(crate) fn be_a_victim() -> ! {
    let scratch = PathBuf::from(std::env::var_os(VICTIM).expect("checked by the caller"));
    let mark = std::env::args().nth(1).expect("a mark");
    let warden =
        warden::fork(&warden::Config { spare_shells: 1, spare_volumes: 1, ..warden::Config::new(scratch) }).unwrap();
    let linux = Linux::new(warden);
    wait(async {
        let mut kept = Vec::new();
        for freeze in [false, true] {
            let created = linux.create(spec()).await.unwrap();
            let (sleeper, reader) = process("sleeper", &["/usr/bin/sleep", &mark]);
            let exited = created.sandbox.start(sleeper).await.unwrap();
            if freeze {
                created.sandbox.freeze().await.unwrap();
            }
            kept.push((created, exited, reader));
        }
        println!("ready");
        std::future::pending::<()>().await;
        unreachable!("pending for ever")
    })
}

/// A server to be killed, at the latest when the test is over.
struct Victim(Child);

impl Victim {
    /// Kills it as `kill -9` does and waits until it has ended.
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a victim and waits until its boxes run. The directory must outlive it.
fn victim(scratch: &Path, mark: &str) -> Victim {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(mark).env(VICTIM, scratch).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut victim = Victim(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(victim.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    victim
}

fn sleepers(mark: &str) -> usize {
    processes_marked(mark).iter().filter(|pid| !is_victim(**pid)).count()
}

/// The server and its warden have the mark in their command line too.
fn is_victim(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() != "sleep")
}

fn a_killed_server_leaves_nothing(bench: &Bench) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let mark = format!("87{:05}", std::process::id() % 100_000);
    let mut server = victim(scratch.path(), &mark);
    let instance = instance(scratch.path()).expect("the victim has a directory");
    expect("its processes", sleepers(&mark), 2)?;
    let volumes = matches!(bench.finding("/tmp of its own size").enforced, Enforced::Yes { .. });
    expect("it has loop devices where it can", loop_devices(scratch.path()) > 0, volumes)?;
    server.kill();
    eventually("every process has ended, the warden too", || processes_marked(&mark).is_empty());
    eventually("the instance's directory is gone", || crate::leftovers::instance(scratch.path()).is_none());
    expect("cgroups", cgroups(&instance), vec![])?;
    eventually("its loop devices are gone", || loop_devices(scratch.path()) == 0);
    expect("mounts", mounts(), 0)
}

fn a_killed_warden_leaves_nothing_behind_the_next_start(_: &Bench) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let mark = format!("88{:05}", std::process::id() % 100_000);
    let mut server = victim(scratch.path(), &mark);
    let first = instance(scratch.path()).expect("the victim has a directory");
    // The warden first, so that it cannot tidy up; then the server.
    let warden = children(server.0.id());
    for pid in &warden {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(*pid), nix::sys::signal::Signal::SIGKILL)?;
    }
    expect("one warden", warden.len(), 1)?;
    server.kill();
    expect("its directory is left", instance(scratch.path()).as_ref(), Some(&first))?;

    let mut next = victim(scratch.path(), &format!("{mark}9"));
    // At its start, or a second later if the first was still dying then.
    eventually("swept by the next", || !scratch.path().join(&first).exists());
    eventually("every process of the first has ended", || {
        processes_marked(&mark).iter().all(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(&format!("{mark}9"))
        })
    });
    expect("cgroups of the first", cgroups(&first), vec![])?;
    next.kill();
    eventually("everything has ended", || processes_marked(&mark).is_empty());
    Ok(())
}

fn children(parent: u32) -> Vec<i32> {
    let tasks = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    tasks.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn a_late_fork_is_refused(bench: &Bench) -> Result<(), Failed> {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || stopped.recv());
    let refused = warden::fork(&warden::Config::new(bench.scratch.join("never")));
    drop(stop);
    let _ = thread.join();
    expect("refused", matches!(refused, Err(warden::ForkError::Threads(threads)) if threads >= 2), true)?;
    expect("nothing was made", bench.scratch.join("never").exists(), false)
}
