//! CreateFunction, GetFunction, DeleteFunction.

use lanthorn_control::code::AcceptError;
use lanthorn_control::functions::change::{ConfigurationChange, ConfigurationRefused};
use lanthorn_control::functions::create::{CreateFunction, CreateFunctionError};
use lanthorn_control::functions::delete::DeleteFunctionError;
use lanthorn_control::functions::role::RoleRefused;
use lanthorn_control::functions::runtime::RuntimeRefused;
use lanthorn_model::arn::Qualifier;
use lanthorn_model::function::{Architecture, LastUpdate, State};
use lanthorn_store::documents::{Change, Expect};
use lanthorn_store::records::function;

use crate::room::{Room, id, request, role, zip};

#[tokio::test]
async fn a_function_is_pending_and_then_active() {
    let room = Room::new().await;
    let created = room.control.create_function(request("f", "x = 1")).await.expect("a good function");
    assert_eq!((created.state, &created.last_update), (State::Pending, &None));
    let active = room.settled("f").await;
    assert_eq!((active.state, &active.last_update), (State::Active, &Some(LastUpdate::Successful)));
    assert_ne!(active.revision_id, created.revision_id);
    assert_eq!(active.last_modified, created.last_modified);
    assert_eq!(active.code.size, zip("x = 1").len() as u64);
    let directory = room.control.code().unpacked(&active.code).await.expect("it is unpacked");
    assert_eq!(std::fs::read_to_string(directory.join("index.py")).expect("there"), "x = 1");
}

#[tokio::test]
async fn a_name_is_given_once_even_to_many_at_once() {
    let room = Room::new().await;
    let attempts = (0..8).map(|number| room.control.create_function(request("f", &format!("x = {number}"))));
    let answers = futures::future::join_all(attempts).await;
    let made: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(made.len(), 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(CreateFunctionError::Exists(_)))));
    assert_eq!(room.settled("f").await.code, made[0].code);
}

#[tokio::test]
async fn what_cannot_run_is_refused_and_leaves_nothing() {
    let room = Room::new().await;
    let refused = |request: CreateFunction| async {
        let error = room.control.create_function(request).await.expect_err("refused");
        assert!(room.function("f").await.is_none());
        error
    };
    let configuration = |request: CreateFunction| async {
        match refused(request).await {
            CreateFunctionError::Configuration(refusal) => refusal,
            other => panic!("refused for another reason: {other:?}"),
        }
    };
    let with = |settings: ConfigurationChange| CreateFunction { settings, ..request("f", "x") };
    let stranger = role("stranger");
    assert_eq!(
        configuration(CreateFunction { role: stranger.clone(), ..request("f", "x") }).await,
        ConfigurationRefused::Role(RoleRefused::NotAssumable(stranger)),
    );
    let foreign: lanthorn_model::arn::RoleArn = "arn:aws:iam::111111111111:role/r".parse().expect("a role");
    assert_eq!(
        configuration(CreateFunction { role: foreign.clone(), ..request("f", "x") }).await,
        ConfigurationRefused::Role(RoleRefused::OtherAccount(foreign)),
    );
    let ruby = CreateFunction { runtime: "ruby3.4".parse().expect("a runtime"), ..request("f", "x") };
    assert!(matches!(configuration(ruby).await, ConfigurationRefused::Runtime(RuntimeRefused::Missing { .. })));
    let arm = CreateFunction { architecture: Some(Architecture::Arm64), ..request("f", "x") };
    assert!(matches!(configuration(arm).await, ConfigurationRefused::Architecture { .. }));
    let memory = with(ConfigurationChange { memory_mib: Some(10_241), ..ConfigurationChange::default() });
    assert_eq!(configuration(memory).await, ConfigurationRefused::Memory(10_241));
    let timeout = with(ConfigurationChange { timeout_s: Some(901), ..ConfigurationChange::default() });
    assert_eq!(configuration(timeout).await, ConfigurationRefused::Timeout(901));
    let storage = with(ConfigurationChange { ephemeral_storage_mib: Some(10_241), ..ConfigurationChange::default() });
    assert_eq!(configuration(storage).await, ConfigurationRefused::EphemeralStorage(10_241));
    let tags = (0..51).map(|number| (number.to_string(), String::new())).collect();
    let tagged = refused(CreateFunction { tags, ..request("f", "x") }).await;
    assert!(matches!(tagged, CreateFunctionError::Tags(51)));
    let broken = refused(CreateFunction { zip: "no zip".into(), ..request("f", "x") }).await;
    assert!(matches!(broken, CreateFunctionError::Code(AcceptError::Unpack(_))));
    let large = refused(CreateFunction { zip: vec![0; 50 * 1024 * 1024 + 1].into(), ..request("f", "x") }).await;
    assert!(matches!(large, CreateFunctionError::Code(AcceptError::ZipTooLarge(_))));
}

#[tokio::test]
async fn a_deleted_function_is_gone_and_its_name_free() {
    let room = Room::new().await;
    let first = room.active("f", "x = 1").await;
    room.control.delete_function(&id("f"), None).await.expect("it exists");
    assert!(room.function("f").await.is_none());
    let again = room.control.delete_function(&id("f"), None).await;
    assert!(matches!(again, Err(DeleteFunctionError::NotFound(_))));
    assert_ne!(room.active("f", "x = 1").await.revision_id, first.revision_id);
}

#[tokio::test]
async fn only_latest_exists_and_goes_with_its_function() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    let one = Qualifier::Version("1".parse().expect("a number"));
    let live = Qualifier::Alias("live".parse().expect("an alias"));
    assert!(room.control.get_function(&id("f"), Some(&Qualifier::Latest)).await.is_ok());
    assert!(room.control.get_function(&id("f"), Some(&one)).await.is_err());
    assert!(room.control.get_function_configuration(&id("f"), Some(&live)).await.is_err());
    let delete = |qualifier| {
        let room = &room;
        async move { room.control.delete_function(&id("f"), Some(qualifier)).await.expect_err("refused") }
    };
    assert!(matches!(delete(&Qualifier::Latest).await, DeleteFunctionError::Latest));
    assert!(matches!(delete(&live).await, DeleteFunctionError::Alias));
    assert!(matches!(delete(&one).await, DeleteFunctionError::NotFound(_)));
    assert!(room.function("f").await.is_some());
}

#[tokio::test]
async fn a_function_left_pending_by_a_crash_becomes_active_after_the_start() {
    let mut room = Room::new().await;
    let function = room.active("f", "x = 1").await;
    room.hold(&function);
    pretend_pending(&room, |_| {}).await;
    assert_eq!(room.function("f").await.expect("it exists").state, State::Pending);
    room.restart().await;
    assert_eq!(room.settled("f").await.state, State::Active);
}

#[tokio::test]
async fn a_function_whose_caller_went_away_becomes_active_all_the_same() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    // What is left of a request that was dropped once its record was written.
    pretend_pending(&room, |_| {}).await;
    assert_eq!(room.settled("f").await.state, State::Active);
}

#[tokio::test]
async fn a_function_whose_code_is_lost_fails() {
    let mut room = Room::new().await;
    room.active("f", "x = 1").await;
    let lost = "00".repeat(32).parse().expect("a digest");
    pretend_pending(&room, |record| record.function.code.sha256 = lost).await;
    room.restart().await;
    assert_eq!(room.settled("f").await.state, State::Failed);
}

/// Writes the record as CreateFunction does first.
async fn pretend_pending(room: &Room, change: impl FnOnce(&mut function::Record)) {
    let mut record = function::read(&room.document("f").await).expect("readable");
    record.function.state = State::Pending;
    record.function.last_update = None;
    change(&mut record);
    let (name, bytes) = (function::HEAD.to_owned(), function::write(&record));
    let put = Change::Put { name, expect: Expect::Present, bytes };
    room.store.documents.commit(function::partition(&id("f")), vec![put]).await.expect("written");
}
