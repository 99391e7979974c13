//! The Linux backend, as the server sees it.
//!
//! ```text
//!  create ── Create + channel ──► warden
//!    │ waits on the channel: Forked (descriptors), Ready
//!    ▼
//!  Boxed ── orders ──► channel ◄── events ── a task on the runtime that created the box reads them
//!    │
//!    └── gauges: memory, freezer, CPU through descriptors, without asking anybody
//! ```
//!
//! Nothing here needs a privilege: what the kernel allows is in the descriptors the warden hands over.

pub(crate) mod cgroups;
mod channel;
mod gauges;
pub(crate) mod init;
mod sandbox;
pub(crate) mod seccomp;

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rustix::net::SocketFlags;
use tokio::io::Interest;
use tokio::sync::OnceCell;

use self::channel::Channel;
use self::gauges::Gauges;
use self::sandbox::Boxed;
use crate::protocol::messages::{Event, Plan, Request};
use crate::protocol::socket;
use crate::sys;
use crate::warden::Warden;
use crate::{CreateError, Created, Finding, Spec};

/// Makes boxes through the warden. Usable from any number of tokio runtimes at once.
#[derive(Debug)]
pub struct Linux {
    warden: Warden,
    findings: OnceCell<Vec<Finding>>,
}

impl Linux {
    /// Takes hold of the warden. Dropping this ends it, and every box with it.
    #[must_use]
    pub fn new(warden: Warden) -> Self {
        Self { warden, findings: OnceCell::new() }
    }

    /// What this host enforces, as the warden found it.
    ///
    /// # Errors
    /// [`CreateError::WardenGone`] if the warden has ended.
    pub async fn findings(&self) -> Result<&[Finding], CreateError> {
        let findings = self.findings.get_or_try_init(|| async {
            let channel = self.ask(&Request::Probe).await?;
            match channel.receive().await {
                Ok(Some((Event::Findings(findings), _))) => Ok(findings),
                _ => Err(CreateError::WardenGone),
            }
        });
        findings.await.map(Vec::as_slice)
    }

    /// Ends the warden and waits until nothing of any box is left.
    pub async fn close(self) {
        let Warden { control, child } = self.warden;
        drop(control);
        // If it cannot be watched here it ends all the same, unseen.
        let watched = child.pidfd.try_clone().and_then(|pidfd| sys::register(pidfd, Interest::READABLE));
        if let Ok(ended) = watched {
            let _ = ended.readable().await;
        }
        let _ = child.reap();
    }

    /// Sends `request` with a new channel to answer on.
    async fn ask(&self, request: &Request) -> Result<Channel, CreateError> {
        let step = |source| CreateError::Step { step: "ask the warden".to_owned(), source };
        let (ours, theirs) = socket::pair(SocketFlags::NONBLOCK).map_err(step)?;
        rustix::io::ioctl_fionbio(&theirs, false).map_err(|error| step(error.into()))?;
        let sent = loop {
            match socket::send_at_once(&self.warden.control, request, &[theirs.as_fd()]) {
                // The warden is behind: its queue is the socket's buffer, and ours the callers who wait here.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                sent => break sent,
            }
        };
        match sent {
            Ok(()) => Channel::new(ours).map_err(step),
            Err(error) if error.kind() == io::ErrorKind::ArgumentListTooLong => Err(step(error)),
            Err(_) => Err(CreateError::WardenGone),
        }
    }

    async fn build(&self, spec: Spec) -> Result<Created, CreateError> {
        let channel = self.ask(&Request::Create(Plan::from(&spec))).await?;
        // The warden tells of the fork, init that it is ready; either may come first.
        let (mut equipment, mut ready) = (None, false);
        loop {
            let step = |source| CreateError::Step { step: "hear from the sandbox".to_owned(), source };
            let Some((event, descriptors)) = channel.receive().await.map_err(step)? else {
                return Err(CreateError::WardenGone);
            };
            match event {
                Event::Forked { gauges } => {
                    let mut descriptors = descriptors.into_iter();
                    let listeners = (listener(descriptors.next()), listener(descriptors.next()));
                    let (Some(runtime_api), Some(endpoint)) = listeners else {
                        return Err(step(io::ErrorKind::InvalidData.into()));
                    };
                    let gauges = Gauges::new(gauges.into_iter().zip(descriptors), spec.cpu_milli);
                    equipment = Some((runtime_api, endpoint, gauges));
                }
                Event::Ready => ready = true,
                Event::Failed(failure) => {
                    let source = failure.source();
                    return Err(CreateError::Step { step: failure.step, source });
                }
                Event::Gone => {
                    let source = io::Error::other("it ended while it was being built");
                    return Err(CreateError::Step { step: "build the box".to_owned(), source });
                }
                Event::Started { .. }
                | Event::NotExecuted { .. }
                | Event::Ended { .. }
                | Event::Done { .. }
                | Event::Findings(_) => {}
            }
            if ready && let Some((runtime_api, endpoint, gauges)) = equipment.take() {
                let sandbox = Box::new(Boxed::new(spec.label, channel, gauges));
                return Ok(Created { sandbox, runtime_api, endpoint });
            }
        }
    }
}

impl crate::Launcher for Linux {
    fn create(&self, spec: Spec) -> BoxFuture<'_, Result<Created, CreateError>> {
        self.build(spec).boxed()
    }
}

fn listener(descriptor: Option<OwnedFd>) -> Option<TcpListener> {
    descriptor.map(TcpListener::from)
}
