//! What the tests share: a warden, boxes, and programs to run in them.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, RwLock};
use std::time::{Duration, Instant};

use lanthorn_sandbox::{Created, Exit, Finding, Launcher as _, Linux, Process, Sandbox, Spec, warden};
use libtest_mimic::Failed;

/// True if this process is root.
pub(crate) static PRIVILEGED: LazyLock<bool> = LazyLock::new(|| {
    fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    })
});

/// How long anything may take that is waited for; far more than it needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The interpreter the tests use, of the host's own packages.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// A warden and its directory, for the life of this process.
pub(crate) struct Bench {
    linux: RwLock<Option<Arc<Linux>>>,
    pub(crate) scratch: PathBuf,
}

impl Bench {
    /// Forks the warden. Call it while there is one thread.
    pub(crate) fn new() -> &'static Self {
        let scratch = tempfile::Builder::new().prefix("lanthorn-boxes-").tempdir().unwrap().keep();
        let warden =
            warden::fork(&warden::Config { spare_shells: 2, spare_volumes: 1, ..warden::Config::new(scratch.clone()) });
        let linux = Arc::new(Linux::new(warden.unwrap()));
        Box::leak(Box::new(Self { linux: RwLock::new(Some(linux)), scratch }))
    }

    pub(crate) fn linux(&self) -> Arc<Linux> {
        self.linux.read().unwrap().clone().expect("tests end before the bench is closed")
    }

    /// Ends the warden and shows that it leaves nothing.
    pub(crate) fn close(bench: &'static Self) {
        let linux = bench.linux.write().unwrap().take().and_then(Arc::into_inner).expect("no test holds it any more");
        wait(linux.close());
        let left: Vec<_> = fs::read_dir(&bench.scratch).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["lock"], "the instance's directory is gone");
        fs::remove_dir_all(&bench.scratch).unwrap();
    }

    pub(crate) async fn create(&self, spec: Spec) -> Created {
        self.linux().create(spec).await.unwrap()
    }

    /// Runs `argv` in a new box and destroys it; how it ended and what it wrote.
    pub(crate) fn run(&self, spec: Spec, argv: &[&str]) -> (Exit, String) {
        wait(async {
            let created = self.create(spec).await;
            let ran = run_in(&*created.sandbox, argv).await;
            created.sandbox.destroy().await;
            ran
        })
    }

    /// Runs a Python program in a new box; how it ended and what it wrote.
    pub(crate) fn python(&self, program: &str) -> (Exit, String) {
        self.run(spec(), &[PYTHON, "-c", program])
    }

    /// What the warden says of `what`.
    pub(crate) fn finding(&self, what: &str) -> Finding {
        let linux = self.linux();
        let findings = wait(linux.findings()).unwrap();
        findings.iter().find(|finding| finding.what == what).unwrap_or_else(|| panic!("no finding on {what}")).clone()
    }
}

/// A small box.
pub(crate) fn spec() -> Spec {
    Spec { label: "test".into(), mounts: vec![], memory_mib: 256, tmp_mib: 64, cpu_milli: 2000, pids_max: 200 }
}

pub(crate) fn process(name: &str, argv: &[&str]) -> (Process, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let argv = argv.iter().map(|&argument| argument.to_owned()).collect();
    let env = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned()), ("GREETING".to_owned(), "hello".to_owned())];
    (Process { name: name.to_owned(), argv, env, output: writer.into(), inherited: vec![] }, reader)
}

/// Runs `argv` in a box that stays; how it ended and what it wrote.
pub(crate) async fn run_in(sandbox: &dyn Sandbox, argv: &[&str]) -> (Exit, String) {
    let (process, reader) = process(argv[0], argv);
    let exited = sandbox.start(process).await.unwrap();
    let output = tokio::task::spawn_blocking(move || read_all(reader));
    let exit = tokio::time::timeout(PATIENCE, exited).await.expect("the program ends").unwrap();
    (exit, output.await.unwrap())
}

/// Everything until the last writer has closed.
pub(crate) fn read_all(mut reader: std::io::PipeReader) -> String {
    let mut output = String::new();
    reader.read_to_string(&mut output).unwrap();
    output
}

/// Runs a future to its end on a runtime of its own.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Waits until `claim` holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut claim: impl FnMut() -> bool) {
    let began = Instant::now();
    while !claim() {
        assert!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Fails with what came instead.
pub(crate) fn expect<T: PartialEq + std::fmt::Debug>(what: &str, came: T, expected: T) -> Result<(), Failed> {
    if came == expected { Ok(()) } else { Err(format!("{what}: {came:?} instead of {expected:?}").into()) }
}

/// Processes of the host whose command line contains `mark`.
pub(crate) fn processes_marked(mark: &str) -> BTreeSet<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    pids.filter(|pid| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id() as i32 && String::from_utf8_lossy(&command).contains(mark)
    })
    .collect()
}
