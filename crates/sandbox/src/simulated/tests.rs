//! The stand-in keeps the contract.

use std::io::Read as _;

use super::*;
use crate::{Exit, Launcher as _, Process, StartError};

fn spec() -> Spec {
    Spec { label: "f".into(), mounts: vec![], memory_mib: 128, tmp_mib: 512, cpu_milli: 72, pids_max: 1024 }
}

fn process(name: &str) -> (Process, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let argv = vec!["/var/task/bootstrap".to_owned()];
    (Process { name: name.into(), argv, env: vec![], output: writer.into(), inherited: vec![] }, reader)
}

#[tokio::test]
async fn a_process_runs_until_the_test_ends_it() {
    let (launcher, control) = new();
    let created = launcher.create(spec()).await.unwrap();
    let mut cell = control.created().await;
    assert_eq!(cell.runtime_api, created.runtime_api.local_addr().unwrap());

    let (process, mut output) = process("runtime");
    let exited = created.sandbox.start(process).await.unwrap();
    let mut running = cell.started().await.unwrap();
    created.sandbox.signal("runtime", libc::SIGTERM).await;
    assert_eq!(running.signalled().await, Some(libc::SIGTERM));
    running.exit(Exit::Exited(3));
    assert_eq!(exited.await, Ok(Exit::Exited(3)));
    assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
}

#[tokio::test]
async fn reset_kills_and_destroy_ends() {
    let (launcher, control) = new();
    let created = launcher.create(spec()).await.unwrap();
    let cell = control.created().await;
    let exited = created.sandbox.start(process("runtime").0).await.unwrap();
    created.sandbox.reset().await.unwrap();
    assert_eq!(exited.await, Ok(Exit::Signalled(libc::SIGKILL)));
    assert_eq!(cell.resets(), 1);

    let exited = created.sandbox.start(process("runtime").0).await.unwrap();
    created.sandbox.destroy().await;
    cell.gone().await;
    assert_eq!(exited.await, Ok(Exit::Gone));
}

#[tokio::test]
async fn refusals_come_in_the_order_they_were_asked_for() {
    let (launcher, control) = new();
    control.refuse_create(CreateError::WardenGone);
    assert!(matches!(launcher.create(spec()).await, Err(CreateError::WardenGone)));
    let created = launcher.create(spec()).await.unwrap();
    let cell = control.created().await;
    cell.refuse_start(std::io::Error::from_raw_os_error(libc::ENOENT));
    let error = created.sandbox.start(process("runtime").0).await.unwrap_err();
    assert!(matches!(error, StartError::Execute { program, .. } if program == "/var/task/bootstrap"));
}

#[tokio::test]
async fn a_box_that_vanished_answers_gone() {
    let (launcher, control) = new();
    let created = launcher.create(spec()).await.unwrap();
    control.created().await.vanish();
    assert_eq!(created.sandbox.freeze().await, Err(crate::Gone));
    assert!(matches!(created.sandbox.start(process("runtime").0).await, Err(StartError::Gone(_))));
}
