//! Boxes without walls: real processes on this host, for what a runtime and its bootstrap do.
//!
//! Nothing is isolated. What a sandbox shows at `/var/task`, `/var/runtime` and `/var/lang` is found at its
//! place on the host instead: those prefixes are replaced in arguments and variables.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use lanthorn_sandbox::{CreateError, Created, Exit, Gone, Launcher, Mount, Process, Sandbox, Spec, StartError};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};

#[derive(Debug, Default)]
pub(crate) struct Unboxed;

struct Wall {
    mounts: Vec<Mount>,
    runtime_api: String,
    /// Counts resets; every process of an earlier count is killed.
    age: Arc<watch::Sender<u32>>,
}

impl Launcher for Unboxed {
    fn create(&self, spec: Spec) -> BoxFuture<'_, Result<Created, CreateError>> {
        async move {
            let listen = || -> io::Result<TcpListener> {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            };
            let (runtime_api, endpoint) = (listen().expect("a free port"), listen().expect("a free port"));
            let address = runtime_api.local_addr().expect("bound").to_string();
            let age = Arc::new(watch::Sender::new(0));
            let sandbox = Box::new(Wall { mounts: spec.mounts, runtime_api: address, age });
            Ok(Created { sandbox, runtime_api, endpoint })
        }
        .boxed()
    }
}

impl Wall {
    fn outside(&self, text: &str) -> String {
        self.mounts.iter().fold(text.to_owned(), |text, mount| {
            text.replace(mount.inside.to_str().expect("UTF-8"), mount.host.to_str().expect("UTF-8"))
        })
    }

    fn command(&self, process: Process) -> io::Result<Command> {
        let Process { argv, env, output, inherited, .. } = process;
        let program = self.outside(&argv[0]);
        // The shell below would say so in its own way.
        std::fs::metadata(&program)?;
        let mut command;
        match inherited.into_iter().next() {
            Some(inherited) => {
                // Descriptor 0 becomes the one to inherit; no code of ours runs between fork and exec.
                let number = inherited.number;
                command = Command::new("/bin/sh");
                command.arg("-c").arg(format!("exec \"$@\" {number}<&0 </dev/null")).arg("sh").arg(program);
                command.stdin(Stdio::from(inherited.descriptor));
            }
            None => {
                command = Command::new(program);
                command.stdin(Stdio::null());
            }
        }
        command.args(argv[1..].iter().map(|argument| self.outside(argument)));
        command.env_clear();
        for (name, value) in env {
            match name.as_str() {
                "AWS_LAMBDA_RUNTIME_API" => command.env(name, &self.runtime_api),
                _ => command.env(name, self.outside(&value)),
            };
        }
        let task = self.mounts.iter().find(|mount| mount.inside == std::path::Path::new("/var/task"));
        command.current_dir(&task.expect("every function has code").host);
        command.stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
        Ok(command)
    }
}

impl Sandbox for Wall {
    fn start(&self, process: Process) -> BoxFuture<'_, Result<oneshot::Receiver<Exit>, StartError>> {
        async move {
            let program = process.argv[0].clone();
            let failed = |source| StartError::Execute { program, source };
            let child = self.command(process).and_then(|mut command| command.spawn()).map_err(failed)?;
            let (told, exit) = oneshot::channel();
            let mut age = self.age.subscribe();
            age.mark_unchanged();
            tokio::spawn(async move {
                let _ = told.send(end(child, age).await);
            });
            Ok(exit)
        }
        .boxed()
    }

    fn signal(&self, _: &str, _: i32) -> BoxFuture<'_, ()> {
        futures::future::ready(()).boxed()
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), Gone>> {
        self.age.send_modify(|age| *age += 1);
        futures::future::ready(Ok(())).boxed()
    }

    fn memory_peak_bytes(&self) -> Option<u64> {
        None
    }

    fn set_cpu_milli(&self, _: Option<u32>) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn freeze(&self) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn thaw(&self) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn destroy(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.age.send_modify(|age| *age += 1);
        futures::future::ready(()).boxed()
    }
}

/// How `child` ends: by itself, or because its box was reset or let go.
async fn end(mut child: Child, mut age: watch::Receiver<u32>) -> Exit {
    tokio::select! {
        status = child.wait() => {
            let status = status.expect("our own child");
            match (status.code(), status.signal()) {
                (Some(code), _) => Exit::Exited(code),
                (None, signal) => Exit::Signalled(signal.expect("neither exited nor running")),
            }
        }
        _ = age.changed() => {
            child.kill().await.expect("our own child");
            Exit::Signalled(9)
        }
    }
}
