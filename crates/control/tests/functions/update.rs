//! UpdateFunctionCode and UpdateFunctionConfiguration: what is shown, what runs, who is told to wait.

use lanthorn_control::functions::Busy;
use lanthorn_control::functions::change::ConfigurationChange;
use lanthorn_control::functions::update_code::{UpdateFunctionCode, UpdateFunctionCodeError};
use lanthorn_control::functions::update_configuration::{
    UpdateFunctionConfiguration, UpdateFunctionConfigurationError,
};
use lanthorn_model::function::{LastUpdate, State};
use lanthorn_store::records::function;

use crate::room::{Room, id, zip};

fn describe(text: &str) -> UpdateFunctionConfiguration {
    let change = ConfigurationChange { description: Some(text.to_owned()), ..ConfigurationChange::default() };
    UpdateFunctionConfiguration { id: id("f"), change, revision_id: None }
}

fn code(source: &str) -> UpdateFunctionCode {
    UpdateFunctionCode { id: id("f"), zip: zip(source), architecture: None, revision_id: None, dry_run: false }
}

#[tokio::test]
async fn the_old_runs_until_the_new_is_in_place() {
    let room = Room::new().await;
    let before = room.active("f", "x = 1").await;
    room.clock.advance_ms(5000);
    room.hold(&before);
    let updating = room.control.update_function_configuration(describe("new")).await.expect("it is Active");
    assert_eq!((updating.state, &updating.last_update), (State::Active, &Some(LastUpdate::InProgress)));
    assert_eq!(room.function("f").await.as_ref(), Some(&updating));
    let running = function::decode(&room.document("f").await).expect("readable");
    assert_eq!((running.state, running.configuration.description.as_str()), (State::Active, ""));

    room.release();
    let after = room.settled("f").await;
    assert_eq!(after.last_update, Some(LastUpdate::Successful));
    let running = function::decode(&room.document("f").await).expect("readable");
    assert_eq!(running.configuration.description, "new");
    let revisions = [before.revision_id, updating.revision_id, after.revision_id];
    assert!(revisions[0] != revisions[1] && revisions[1] != revisions[2] && revisions[0] != revisions[2]);
    assert_eq!(after.last_modified.as_millisecond() - before.last_modified.as_millisecond(), 5000);
}

#[tokio::test]
async fn nothing_else_changes_while_an_update_is_in_progress() {
    let room = Room::new().await;
    let before = room.active("f", "x = 1").await;
    room.hold(&before);
    room.control.update_function_configuration(describe("first")).await.expect("it is Active");
    let busy = Busy::Updating(id("f"));
    let second = room.control.update_function_configuration(describe("second")).await;
    assert!(matches!(second, Err(UpdateFunctionConfigurationError::Busy(fact)) if fact == busy));
    let third = room.control.update_function_code(code("x = 3")).await;
    assert!(matches!(third, Err(UpdateFunctionCodeError::Busy(fact)) if fact == busy));
    room.release();
    assert_eq!(room.settled("f").await.configuration.description, "first");
}

#[tokio::test]
async fn new_code_is_shown_unpacked_and_kept_beside_the_old() {
    let room = Room::new().await;
    let before = room.active("f", "x = 1").await;
    let updating = room.control.update_function_code(code("x = 2")).await.expect("it is Active");
    assert_ne!(updating.code, before.code);
    assert_eq!(updating.code.size, zip("x = 2").len() as u64);
    let after = room.settled("f").await;
    assert_eq!((&after.code, after.last_update), (&updating.code, Some(LastUpdate::Successful)));
    for (code, source) in [(&before.code, "x = 1"), (&after.code, "x = 2")] {
        let directory = room.control.code().unpacked(code).await.expect("both are there");
        assert_eq!(std::fs::read_to_string(directory.join("index.py")).expect("there"), source);
    }
}

#[tokio::test]
async fn an_update_that_changes_nothing_gets_a_new_revision() {
    // Recorded: `test_redundant_updates`.
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    room.control.update_function_configuration(describe("same")).await.expect("it is Active");
    let first = room.settled("f").await;
    room.control.update_function_configuration(describe("same")).await.expect("it is Active");
    let second = room.settled("f").await;
    assert_eq!(first.configuration, second.configuration);
    assert_ne!(first.revision_id, second.revision_id);
}

#[tokio::test]
async fn only_the_newest_revision_may_be_changed() {
    let room = Room::new().await;
    let active = room.active("f", "x = 1").await;
    let stale = UpdateFunctionConfiguration { revision_id: Some("stale".to_owned()), ..describe("new") };
    let refused = room.control.update_function_configuration(stale).await;
    assert!(matches!(refused, Err(UpdateFunctionConfigurationError::Revision(_))));
    let revision_id = Some(active.revision_id.to_string());
    let fresh = UpdateFunctionConfiguration { revision_id: revision_id.clone(), ..describe("new") };
    room.control.update_function_configuration(fresh).await.expect("the newest revision");
    room.settled("f").await;
    let again = UpdateFunctionCode { revision_id, ..code("x = 2") };
    assert!(matches!(room.control.update_function_code(again).await, Err(UpdateFunctionCodeError::Revision(_))));
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let room = Room::new().await;
    let before = room.active("f", "x = 1").await;
    let dry = UpdateFunctionCode { dry_run: true, ..code("x = 2") };
    let told = room.control.update_function_code(dry).await.expect("a good package");
    assert_ne!(told.code, before.code);
    assert_eq!(told.revision_id, before.revision_id);
    assert_eq!(room.function("f").await, Some(before));
    let stored = room.control.code().download(told.code.sha256).await.expect("readable");
    assert!(stored.is_none());
    let broken = UpdateFunctionCode { dry_run: true, zip: "no zip".into(), ..code("") };
    assert!(matches!(room.control.update_function_code(broken).await, Err(UpdateFunctionCodeError::Code(_))));
}

#[tokio::test]
async fn what_does_not_exist_is_not_updated() {
    let room = Room::new().await;
    let settings = room.control.update_function_configuration(describe("new")).await;
    assert!(matches!(settings, Err(UpdateFunctionConfigurationError::NotFound(_))));
    let code = room.control.update_function_code(code("x = 1")).await;
    assert!(matches!(code, Err(UpdateFunctionCodeError::NotFound(_))));
}

#[tokio::test]
async fn many_changes_at_once_come_one_after_another_or_are_told_to_wait() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    let attempts = (0..10).map(|number| room.control.update_function_configuration(describe(&number.to_string())));
    let answers = futures::future::join_all(attempts).await;
    assert!(answers.iter().any(Result::is_ok));
    let waits = |answer: &_| matches!(answer, Ok(_) | Err(UpdateFunctionConfigurationError::Busy(_)));
    assert!(answers.iter().all(waits), "{answers:?}");
    let last = room.settled("f").await;
    let made = answers.iter().flatten().map(|function| &function.configuration);
    assert!(made.clone().any(|configuration| *configuration == last.configuration));
}

#[tokio::test]
async fn an_update_interrupted_by_a_crash_is_finished_after_the_start() {
    let mut room = Room::new().await;
    let before = room.active("f", "x = 1").await;
    room.hold(&before);
    room.control.update_function_configuration(describe("new")).await.expect("it is Active");
    room.restart().await;
    let after = room.settled("f").await;
    assert_eq!((after.last_update, after.configuration.description.as_str()), (Some(LastUpdate::Successful), "new"));
    room.release();
}
