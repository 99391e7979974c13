//! Round trips of function records, and what old and new writers may do to them.

use lanthorn_model::function::{Architecture, LastUpdate, LogFormat, Logging, Sha256, State, TracingMode};
use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::documents::Revision;

fn document(key: Key, bytes: impl Into<Bytes>) -> Document {
    Document { key, revision: Revision(1), bytes: bytes.into() }
}

fn ids() -> impl Strategy<Value = FunctionId> {
    ("[0-9]{12}", "(us|eu)-(east|west)-[1-9]", "[a-zA-Z0-9_-]{1,64}").prop_map(|(account, region, name)| FunctionId {
        account: account.parse().expect("twelve digits"),
        region: region.parse().expect("a region's form"),
        name: name.parse().expect("a name's alphabet"),
    })
}

fn loggings() -> impl Strategy<Value = Logging> {
    let format = prop_oneof![
        Just(LogFormat::Text),
        ("[A-Z]{4,5}", "[A-Z]{4,5}").prop_map(|(application, system)| LogFormat::Json { application, system }),
    ];
    (format, option::of("[a-z/]{1,20}")).prop_map(|(format, group)| Logging { format, group })
}

prop_compose! {
    fn packages()(
        runtime in "(python3\\.1[0-4]|nodejs2[02]\\.x|provided\\.al2023)",
        handler in "[a-z.]{1,30}",
        role in "arn:aws:iam::[0-9]{12}:role/[a-z/]{0,8}[a-z]",
        description in "\\PC{0,40}",
        memory_mib in 128u32..=10240,
        timeout_s in 1u32..=900,
        ephemeral_storage_mib in 512u32..=10240,
        environment in option::of(btree_map("[A-Za-z][A-Za-z0-9_]{1,8}", "\\PC{0,20}", 0..4)),
        arm in any::<bool>(),
        active in any::<bool>(),
        logging in loggings(),
        digest in any::<[u8; 32]>(),
        size in any::<u64>(),
    ) -> Running {
        Running {
            configuration: Configuration {
                runtime: runtime.parse().expect("a runtime"),
                handler,
                role: role.parse().expect("a role"),
                description,
                memory_mib,
                timeout_s,
                ephemeral_storage_mib,
                environment,
                architecture: if arm { Architecture::Arm64 } else { Architecture::X86_64 },
                tracing: if active { TracingMode::Active } else { TracingMode::PassThrough },
                logging,
            },
            code: Code { sha256: Sha256::new(digest), size },
        }
    }
}

prop_compose! {
    fn records()(
        id in ids(),
        version in prop_oneof![Just("$LATEST".to_owned()), (1u64..).prop_map(|n| n.to_string())],
        shown in packages(),
        running in option::of(packages()),
        state in prop_oneof![Just(State::Pending), Just(State::Active), Just(State::Failed)],
        last_update in option::of(prop_oneof![
            Just(LastUpdate::InProgress),
            Just(LastUpdate::Successful),
            "\\PC{0,20}".prop_map(LastUpdate::Failed),
        ]),
        revision in any::<u128>(),
        modified_ns in 0i128..4_000_000_000_000_000_000,
        tags in btree_map("\\PC{1,10}", "\\PC{0,10}", 0..4),
    ) -> Record {
        Record {
            function: Function {
                id,
                version: version.parse().expect("a version"),
                configuration: shown.configuration,
                code: shown.code,
                state,
                last_update,
                revision_id: Uuid::from_u128(revision),
                last_modified: jiff::Timestamp::from_nanosecond(modified_ns).expect("in range"),
                tags,
            },
            running,
        }
    }
}

proptest! {
    #[test]
    fn a_record_survives_its_bytes(record in records()) {
        let kept = document(key(&record.function.id), write(&record));
        prop_assert_eq!(read(&kept).expect("just written"), record);
    }

    #[test]
    fn calls_run_the_old_code_while_the_new_is_applied(record in records()) {
        let kept = document(key(&record.function.id), write(&record));
        let effective = decode(&kept).expect("just written");
        prop_assert_eq!(&effective.id, &record.function.id);
        let expected = record.running.clone().unwrap_or(Running {
            configuration: record.function.configuration.clone(),
            code: record.function.code.clone(),
        });
        prop_assert_eq!((effective.configuration, effective.code), (expected.configuration, expected.code));
        prop_assert_eq!(effective.revision_id, record.function.revision_id);
    }

    #[test]
    fn members_of_a_later_writer_are_skipped(record in records()) {
        let mut value: serde_json::Value = serde_json::from_slice(&write(&record)).expect("JSON");
        value["layers"] = serde_json::json!(["one"]);
        value["shown"]["snap_start"] = serde_json::json!({ "on": true });
        let kept = document(key(&record.function.id), value.to_string());
        prop_assert_eq!(read(&kept).expect("still readable"), record);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in any::<Vec<u8>>(), id in ids()) {
        prop_assert!(read(&document(key(&id), bytes)).is_err());
    }

    #[test]
    fn a_key_names_its_function(id in ids()) {
        prop_assert_eq!(id_of(&key(&id)), Some(id.clone()));
        let version = Key { partition: partition(&id), name: "version/00000001".to_owned() };
        prop_assert_eq!(id_of(&version), None);
    }
}

/// The bytes that the first release wrote. If this fails, old data directories no longer open.
const FIRST: &str = r#"{"format":1,"version":"$LATEST","state":2,"last_update":{"status":2},
    "revision_id":"00000000-0000-0000-0000-000000000007","last_modified":"2026-11-21T10:00:00.123Z","tags":{"a":"b"},
    "shown":{"runtime":"python3.12","handler":"index.handler","role":"arn:aws:iam::000000000000:role/r","description":"",
    "memory_mib":128,"timeout_s":3,"ephemeral_storage_mib":512,"architecture":1,"tracing":1,"logging":{"format":1},
    "code_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","code_size":22}}"#;

fn first_key() -> Key {
    Key { partition: "function/000000000000/us-east-1/hello".to_owned(), name: HEAD.to_owned() }
}

#[test]
fn the_first_release_stays_readable() {
    let record = read(&document(first_key(), FIRST)).expect("readable for ever");
    assert_eq!(record.function.state, State::Active);
    assert_eq!(record.function.last_update, Some(LastUpdate::Successful));
    assert_eq!(record.function.configuration.runtime.as_str(), "python3.12");
    assert_eq!(record.function.configuration.environment, None);
    assert_eq!(record.function.last_modified.as_millisecond() % 1000, 123);
    assert_eq!(record.running, None);
}

#[test]
fn a_later_format_and_an_unknown_number_are_refused_by_name() {
    let later = FIRST.replace(r#""format":1,"version""#, r#""format":2,"version""#);
    assert!(matches!(read(&document(first_key(), later)), Err(DecodeError::Format { format: 2, .. })));
    let unknown = FIRST.replace(r#""state":2"#, r#""state":9"#);
    assert!(matches!(read(&document(first_key(), unknown)), Err(DecodeError::Member { member: "state", .. })));
}

#[test]
fn another_document_is_not_a_head() {
    let key = Key { partition: "role/000000000000/r".to_owned(), name: HEAD.to_owned() };
    assert!(matches!(read(&document(key, FIRST)), Err(DecodeError::Key(_))));
}
