//! Kill -9 at random moments: what was acknowledged is there, nothing is torn, numbers only grow.
//!
//! ```text
//!  parent                                   child (this binary again)
//!    spawn ───────────────────────────────►  open, commit, send, acknowledge, put …
//!    read acknowledgements ◄────── pipe ───  one line after each answer
//!    SIGKILL at a random moment ──────────►  ✝
//!    read the pipe to its end, open the store, hold it against the ledger; again, dozens of times
//! ```
//!
//! A killed process loses what it had not handed to the kernel; a power cut would also lose what the
//! kernel had not handed to the disk. For that this test has no means; that every commit waits for an
//! fsync is asserted beside the code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod child;
mod ledger;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use child::Random;
use ledger::Ledger;

/// Lives of the child.
const LIVES: u64 = 32;

/// The child's whole program, when the parent asks for it.
#[test]
#[ignore = "runs only as the child of the other test"]
fn child() {
    child::run();
}

#[test]
fn everything_acknowledged_outlives_kill_nine() {
    let seed = std::env::var("LANTHORN_CRASH_SEED")
        .map(|seed| seed.parse().unwrap())
        .unwrap_or_else(|_| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0));
    // Shown when the test fails. The moments of the kills depend on the machine too.
    eprintln!("LANTHORN_CRASH_SEED={seed}");
    let begun = Instant::now();
    let random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    for life in 0..LIVES {
        let lines = live_and_die(directory.path(), life, &random);
        ledger.note(life, &lines);
        ledger.check(life, directory.path());
    }
    eprintln!("{ledger}, {:.1?}", begun.elapsed());
    ledger.assert_worth_it();
}

/// Runs the child until it is killed, and answers what it had printed.
fn live_and_die(directory: &Path, life: u64, random: &Random) -> Vec<String> {
    let mut child = spawn(directory, life, random.next());
    let lines = listen(&mut child);
    let mut heard = Vec::new();
    if life.is_multiple_of(4) {
        // While it opens the store, or just after.
        collect(&lines, &mut heard, usize::MAX, Duration::from_micros(random.below(40_000)));
    } else {
        let acknowledgements = 1 + random.below(300) as usize;
        let end = collect(&lines, &mut heard, acknowledgements, Duration::from_secs(10));
        assert!(end == End::Enough, "the child stopped by itself, or hangs: {end:?} after {} lines", heard.len());
        collect(&lines, &mut heard, usize::MAX, Duration::from_micros(random.below(3_000)));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    // What it had written before it died.
    heard.extend(lines);
    heard
}

fn spawn(directory: &Path, life: u64, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(child::DIRECTORY, directory)
        .env(child::LIFE, life.to_string())
        .env(child::SEED, seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The child's whole lines, as they come; the channel closes with the pipe.
fn listen(child: &mut Child) -> Receiver<String> {
    let mut pipe = BufReader::new(child.stdout.take().unwrap());
    let (tx, rx) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while pipe.read_line(&mut line).unwrap() > 0 {
            if let Some(whole) = line.strip_suffix('\n') {
                // The parent may have failed already.
                let _ = tx.send(whole.to_owned());
            }
            line.clear();
        }
    });
    rx
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Enough,
    Late,
    Closed,
}

/// Adds lines to `heard`, at most `count`, for at most `time`.
fn collect(lines: &Receiver<String>, heard: &mut Vec<String>, count: usize, time: Duration) -> End {
    let deadline = Instant::now() + time;
    for _ in 0..count {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => heard.push(line),
            Err(RecvTimeoutError::Timeout) => return End::Late,
            Err(RecvTimeoutError::Disconnected) => return End::Closed,
        }
    }
    End::Enough
}
