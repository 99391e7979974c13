//! What the state of a function looks like from outside.

use std::collections::BTreeMap;

use lanthorn_model::arn::{FunctionId, Version};
use lanthorn_model::function::{Architecture, Code, Configuration, Logging, Sha256, TracingMode};

use super::*;

fn function(state: State, last_update: Option<LastUpdate>) -> Function {
    Function {
        id: FunctionId {
            account: "000000000000".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
            name: "f".parse().expect("a name"),
        },
        version: Version::Latest,
        configuration: Configuration {
            runtime: "python3.12".parse().expect("a runtime"),
            handler: "index.handler".to_owned(),
            role: "arn:aws:iam::000000000000:role/r".parse().expect("a role"),
            description: String::new(),
            memory_mib: 128,
            timeout_s: 3,
            ephemeral_storage_mib: 512,
            environment: None,
            architecture: Architecture::X86_64,
            tracing: TracingMode::PassThrough,
            logging: Logging { format: LogFormat::Text, group: None },
        },
        code: Code { sha256: Sha256::new([0; 32]), size: 22 },
        state,
        last_update,
        revision_id: uuid::Uuid::nil(),
        last_modified: "2026-11-21T12:00:00.0079Z".parse().expect("a timestamp"),
        tags: BTreeMap::new(),
    }
}

/// State, its reason and code; status of the last update, its reason and code.
#[track_caller]
fn check(state: State, last_update: Option<LastUpdate>, expected: [Option<&str>; 6]) {
    let told = whole(&function(state, last_update), None);
    let said = [
        &told.state,
        &told.state_reason,
        &told.state_reason_code,
        &told.last_update_status,
        &told.last_update_status_reason,
        &told.last_update_status_reason_code,
    ];
    assert_eq!(said.map(Option::as_deref), expected);
}

#[test]
fn each_state_is_told_with_its_reason() {
    let (reason, code) = (Some("The function is being created."), Some("Creating"));
    check(State::Pending, None, [Some("Pending"), reason, code, None, None, None]);
    check(State::Active, Some(LastUpdate::Successful), [Some("Active"), None, None, Some("Successful"), None, None]);
    let updating = [Some("Active"), None, None, Some("InProgress"), reason, code];
    check(State::Active, Some(LastUpdate::InProgress), updating);
    let failed = [Some("Active"), None, None, Some("Failed"), Some("no"), Some("InternalError")];
    check(State::Active, Some(LastUpdate::Failed("no".to_owned())), failed);
    let never = [Some("Failed"), Some("The function could not be created."), Some("InternalError"), None, None, None];
    check(State::Failed, None, never);
}

#[test]
fn dates_have_milliseconds_and_an_offset() {
    let told = row(&function(State::Active, None), None);
    assert_eq!(told.last_modified.as_deref(), Some("2026-11-21T12:00:00.007+0000"));
}

#[test]
fn the_digest_is_base64() {
    let told = row(&function(State::Active, None), None);
    assert_eq!(told.code_sha256.as_deref(), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
}
