//! What this host enforces: the warden tells what it could set up, and a trial box shows that it works together.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::net::SocketFlags;

use super::rights::Identity;
use super::{Config, Warden, fork};
use crate::Finding;
use crate::linux::cgroups::{Controller, Groups, Version};
use crate::protocol::messages::{End, Event, Failure, Order, Plan, Request};
use crate::protocol::socket;
use crate::sys;

/// What makes every limit work, wherever one does not.
const ROOT: &str = "run as root";
const DELEGATE: &str = "run as root, or under `systemd-run --user --scope -p Delegate=yes`";
/// The trial box's program.
const TRIAL: &str = "/usr/bin/true";

/// Finds out what this host enforces, by trying: starts a warden, and in it a box. For `lanthorn doctor`.
///
/// Call it in `main`, before anything makes a thread. Nothing is left afterwards.
#[must_use]
pub fn probe(config: &Config) -> Vec<Finding> {
    let config = Config { spare_shells: 1, spare_volumes: 1, ..config.clone() };
    let warden = match fork(&config) {
        Ok(warden) => warden,
        Err(error) => {
            let why = with_cause(&error);
            return vec![Finding::no("sandbox", why, remedy_for_namespaces())];
        }
    };
    let mut findings = warden.findings().unwrap_or_default();
    findings.insert(
        0,
        match warden.try_box() {
            Ok(()) => Finding::yes("sandbox", format!("a trial box ran {TRIAL} in it")),
            Err(why) => Finding::no("sandbox", why, remedy_for_namespaces()),
        },
    );
    warden.end();
    findings
}

impl Warden {
    /// What the warden found while it set itself up. None if it has ended.
    #[must_use]
    pub fn findings(&self) -> Option<Vec<Finding>> {
        let channel = self.ask(&Request::Probe).ok()?;
        match socket::receive(&channel) {
            Ok(Some((Event::Findings(findings), _))) => Some(findings),
            _ => None,
        }
    }

    /// Ends the warden and waits until it has tidied up.
    pub fn end(self) {
        let Self { control, child } = self;
        drop(control);
        let _ = child.reap();
    }

    fn ask(&self, request: &Request) -> io::Result<OwnedFd> {
        let (ours, theirs) = socket::pair(SocketFlags::empty())?;
        socket::send(&self.control, request, &[theirs.as_fd()])?;
        Ok(ours)
    }

    /// Makes a box, runs a program in it, and waits until nothing of it is left.
    fn try_box(&self) -> Result<(), String> {
        let plan = Plan { mounts: vec![], memory_mib: 64, tmp_mib: 512, cpu_milli: 1000, pids_max: 16 };
        let unheard = |error: io::Error| format!("the warden does not answer: {error}");
        let channel = self.ask(&Request::Create(plan)).map_err(unheard)?;
        let mut verdict = Err("the box ended unexpectedly".to_owned());
        loop {
            let Some((event, _)) = socket::receive::<Event>(&channel).map_err(unheard)? else { return verdict };
            match event {
                Event::Ready => {
                    let order = Order::Start { process: 0, argv: vec![TRIAL.to_owned()], env: vec![], numbers: vec![] };
                    let output = std::fs::File::options().write(true).open("/dev/null").map_err(unheard)?;
                    socket::send(&channel, &order, &[output.as_fd()]).map_err(unheard)?;
                }
                Event::Failed(failure) => verdict = Err(told(&failure)),
                Event::NotExecuted { errno, .. } => {
                    verdict = Err(format!("cannot run {TRIAL}: {}", io::Error::from_raw_os_error(errno)));
                    rustix::net::shutdown(&channel, rustix::net::Shutdown::Write)
                        .map_err(|error| unheard(error.into()))?;
                }
                Event::Ended { end, .. } => {
                    verdict = match end {
                        End::Exited(0) => Ok(()),
                        other => Err(format!("{TRIAL} ended with {other:?}")),
                    };
                    rustix::net::shutdown(&channel, rustix::net::Shutdown::Write)
                        .map_err(|error| unheard(error.into()))?;
                }
                Event::Gone => return verdict,
                Event::Forked { .. } | Event::Started { .. } | Event::Done { .. } | Event::Findings(_) => {}
            }
        }
    }
}

/// What the warden knows about itself.
pub(super) fn findings(identity: Identity, groups: &Groups, volumes: Result<(), Failure>) -> Vec<Finding> {
    let mut findings = vec![match identity {
        Identity::Distinct => Finding::yes("user ids", "every box has host user ids of its own"),
        Identity::Shared => Finding::partly(
            "user ids",
            "all boxes run as your user on the host; namespaces, Landlock and the system call filter keep them apart",
        ),
    }];
    for (controller, what) in [
        (Controller::Memory, "memory limit"),
        (Controller::Cpu, "CPU share"),
        (Controller::Pids, "process limit"),
        (Controller::Freezer, "freezing idle functions"),
    ] {
        findings.push(match (groups.driven(controller), controller) {
            (Ok(version), _) => Finding::yes(what, by(controller, version)),
            (Err(why), Controller::Memory) => Finding::partly(
                what,
                format!("init looks every 5 ms and kills what has grown too large; faster growth is not caught ({why}; {DELEGATE})"),
            ),
            (Err(why), Controller::Pids) => {
                Finding::partly(what, format!("by RLIMIT_NPROC in the box's user namespace ({why}; {DELEGATE})"))
            }
            (Err(why), Controller::Freezer) => {
                Finding::partly(what, format!("by SIGSTOP, which a function can see ({why}; {DELEGATE})"))
            }
            (Err(why), Controller::Cpu) => Finding::no(what, why, DELEGATE),
        });
    }
    findings.push(match volumes {
        Ok(()) => Finding::yes("/tmp of its own size", "an ext4 volume, which is not the function's memory"),
        Err(failure) => Finding::partly(
            "/tmp of its own size",
            format!(
                "kept in memory, and counted as the function's ({}; {ROOT}, with loop devices and e2fsprogs)",
                told(&failure)
            ),
        ),
    });
    findings.push(match sys::landlock_abi() {
        0 | 1 => Finding::no(
            "Landlock",
            "this kernel has none, or too early a version",
            "use Linux 5.19 or newer, with Landlock enabled",
        ),
        abi => Finding::yes("Landlock", format!("version {abi}: writing below /tmp only")),
    });
    findings.push(Finding::yes("system call filter", "seccomp, by a list of allowed calls"));
    findings.push(Finding::yes("network", "a namespace of its own for every box, with a loopback only"));
    findings
}

fn by(controller: Controller, version: Version) -> String {
    let version = match version {
        Version::V1 => "v1",
        Version::V2 => "v2",
    };
    format!("cgroup {version} {controller:?}").to_lowercase()
}

fn told(failure: &Failure) -> String {
    format!("cannot {}: {}", failure.step, failure.source())
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}

/// Why an ordinary user may not make namespaces differs by distribution; the settings that forbid it are these.
fn remedy_for_namespaces() -> String {
    let forbids =
        |path: &str, forbidden: &str| std::fs::read_to_string(path).is_ok_and(|value| value.trim() == forbidden);
    if forbids("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "run as root, or `sysctl kernel.apparmor_restrict_unprivileged_userns=0`".to_owned()
    } else if forbids("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "run as root, or `sysctl kernel.unprivileged_userns_clone=1`".to_owned()
    } else if forbids("/proc/sys/user/max_user_namespaces", "0") {
        "raise `sysctl user.max_user_namespaces`".to_owned()
    } else {
        "run as root on Linux 5.12 or newer; in a container, run that privileged".to_owned()
    }
}
