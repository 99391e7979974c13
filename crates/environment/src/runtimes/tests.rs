//! Discovery against directories made for the test, and against whatever this host has.

use std::fs;

use super::*;

fn config(directory: &std::path::Path, path: &[PathBuf]) -> Config {
    Config { directory: directory.join("runtimes"), path: path.to_vec(), home: None }
}

/// A Python of this host, if it has one.
fn some_python() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let minors = 8..30;
    let names: Vec<_> = minors.map(|minor| format!("python3.{minor}")).collect();
    let candidates = std::env::split_paths(&path)
        .flat_map(|place| names.iter().map(move |name| place.join(name)).collect::<Vec<_>>());
    candidates
        .filter_map(|file| file.canonicalize().ok())
        .find(|file| fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF")))
}

#[test]
fn a_runtime_without_bootstrap_or_interpreter_is_refused_with_a_remedy() {
    let directory = tempfile::tempdir().expect("a directory");
    let runtimes = Runtimes::discover(&config(directory.path(), &[])).expect("writable");
    let check = |runtime: &str, words: &str| {
        let absent = runtimes.check(&runtime.parse().expect("a runtime")).expect_err("absent");
        assert!(absent.to_string().contains(words), "{absent}");
    };
    check("python3.99", "pyenv install 3.99");
    check("java21", "no bootstrap");
    assert!(runtimes.check(&"provided.al2023".parse().expect("a runtime")).is_ok());
}

#[tokio::test]
async fn a_script_that_is_no_interpreter_is_not_found() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().expect("a directory");
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).expect("created");
    fs::write(bin.join("python3.98"), "#!/bin/sh\nexit 1\n").expect("written");
    fs::set_permissions(bin.join("python3.98"), fs::Permissions::from_mode(0o755)).expect("set");
    // A program, but not the one its name promises.
    fs::copy("/bin/true", bin.join("python3.97")).expect("copied");
    let runtimes = Runtimes::discover(&config(directory.path(), &[bin])).expect("writable");
    runtimes.settled().await;
    for absent in ["python3.98", "python3.97"] {
        let runtime = absent.parse().expect("a runtime");
        assert!(runtimes.check(&runtime).is_err(), "{absent}");
        assert!(runtimes.interpreter(&runtime).await.is_err(), "{absent}");
    }
}

#[tokio::test]
async fn what_was_learned_is_remembered() {
    let Some(python) = some_python() else {
        eprintln!("skipped: this host has no Python");
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let place = python.parent().expect("a file has a directory").to_owned();
    let config = config(directory.path(), &[place]);
    let runtimes = Runtimes::discover(&config).expect("writable");
    runtimes.settled().await;
    let available = runtimes.available();
    let (runtime, _) = available
        .iter()
        .find(|(_, executable)| *executable == python)
        .expect("the interpreter that the search has found as well");
    let interpreter = runtimes.interpreter(runtime).await.expect("available").expect("not the function's own");
    match &interpreter.mount {
        Some(mount) => {
            assert_eq!(mount.inside, std::path::Path::new(INSIDE));
            assert!(python.starts_with(&mount.host) && interpreter.program.starts_with(INSIDE));
        }
        None => assert!(interpreter.program.starts_with(SHOWN)),
    }

    // The cache is written by a thread that tells first; a second start finds the file or tries out again.
    let bootstraps = runtimes.bootstraps.root().to_owned();
    let cache = bootstraps.join("interpreters.json");
    while !cache.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let again = Runtimes::discover(&config).expect("writable");
    assert!(again.found.borrow().pending.is_empty(), "nothing is run a second time");
    assert_eq!(again.available(), available);
}

#[test]
fn versions_are_ordered_by_number() {
    assert!(version_order("3.9") < version_order("3.12"));
}
