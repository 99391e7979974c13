//! Golden answers along a function's life (recorded: `test_function_lifecycle`, `test_list_functions`).

use serde_json::{Value, json};

use super::room::{Room, function, with, zip};

/// What every answer about the function `f` holds, at its start.
fn configuration() -> Value {
    json!({
        "Architectures": ["x86_64"],
        "CodeSha256": "…",
        "CodeSize": 0,
        "Description": "",
        "EphemeralStorage": { "Size": 512 },
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "FunctionName": "f",
        "Handler": "handler.handler",
        "LastModified": "2026-11-21T12:00:00.007+0000",
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
        "MemorySize": 128,
        "PackageType": "Zip",
        "RevisionId": "…",
        "Role": "arn:aws:iam::000000000000:role/lambda",
        "Runtime": "python3.12",
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "Timeout": 3,
        "TracingConfig": { "Mode": "PassThrough" },
        "Version": "$LATEST",
    })
}

/// What lists do not tell.
fn pending() -> Value {
    json!({
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "RuntimeVersionConfig": "…",
    })
}

fn successful() -> Value {
    json!({ "State": "Active", "LastUpdateStatus": "Successful", "RuntimeVersionConfig": "…" })
}

fn in_progress() -> Value {
    json!({
        "State": "Active",
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": "The function is being created.",
        "LastUpdateStatusReasonCode": "Creating",
        "RuntimeVersionConfig": "…",
    })
}

/// `told` with what differs from run to run blotted out, after its form was checked.
#[track_caller]
fn masked(mut told: Value) -> Value {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    assert_eq!(text(&told["RevisionId"]).len(), 36);
    assert_eq!(text(&told["CodeSha256"]).len(), 44);
    assert!(told["CodeSize"].as_u64().expect("a number") > 100);
    (told["RevisionId"], told["CodeSha256"], told["CodeSize"]) = ("…".into(), "…".into(), 0.into());
    if let Some(runtime) = told.get_mut("RuntimeVersionConfig") {
        let arn = text(&runtime["RuntimeVersionArn"]);
        let build = arn.strip_prefix("arn:aws:lambda:us-east-1::runtime:").expect("a runtime's ARN");
        assert_eq!(build.len(), 64);
        *runtime = "…".into();
    }
    told
}

#[tokio::test]
async fn a_function_lives() {
    let room = Room::new().await;
    let created = room.post(&function("f")).await;
    assert_eq!(created.status, 201);
    assert_eq!(masked(created.body), with(configuration(), pending()));

    room.settled("f").await;
    let told = room.get("/f").await;
    assert_eq!(told.status, 200);
    assert_eq!(masked(told.body["Configuration"].clone()), with(configuration(), successful()));
    assert_eq!(told.body["Code"]["RepositoryType"], "S3");
    let location = told.body["Code"]["Location"].as_str().expect("a URL");
    assert!(location.starts_with("http://127.0.0.1:4566/") && location.contains("X-Amz-Signature="), "{location}");
    assert_eq!(told.body.as_object().expect("an object").len(), 2, "no tags, no concurrency");

    let settings = json!({
        "Description": "Changed", "MemorySize": 512, "Timeout": 10, "Runtime": "python3.11",
        "Environment": { "Variables": { "ENV_A": "a" } },
    });
    let changed = with(configuration(), settings.clone());
    let updated = room.put("/f/configuration", &settings).await;
    assert_eq!((updated.status, masked(updated.body)), (200, with(changed.clone(), in_progress())));
    room.settled("f").await;
    let told = room.get("/f/configuration").await;
    assert_eq!((told.status, masked(told.body)), (200, with(changed.clone(), successful())));

    let updated = room.put("/f/code", &json!({ "ZipFile": zip("x = 2") })).await;
    assert_eq!((updated.status, masked(updated.body)), (200, with(changed, in_progress())));
    room.settled("f").await;

    let deleted = room.delete("/f").await;
    assert_eq!(deleted.status, 204);
    let gone = json!({
        "Message": "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f",
        "Type": "User",
    });
    for answer in [room.delete("/f").await, room.get("/f").await] {
        assert_eq!((answer.status, answer.code.as_deref()), (404, Some("ResourceNotFoundException")));
        assert_eq!(answer.body, gone);
    }
}

#[tokio::test]
async fn what_is_set_at_the_creation_is_told() {
    let room = Room::new().await;
    let settings = json!({
        "Environment": { "Variables": {} },
        "Description": "hello",
        "EphemeralStorage": { "Size": 1024 },
        "LoggingConfig": { "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "cool" },
    });
    let tags = json!({ "Tags": { "team": "lamp" }, "FunctionName": "000000000000:function:f" });
    let created = room.post(&with(with(function("f"), settings.clone()), tags)).await;
    let mut expected = with(with(configuration(), pending()), settings);
    expected["LoggingConfig"]["SystemLogLevel"] = "INFO".into();
    assert_eq!((created.status, masked(created.body)), (201, expected));
    assert_eq!(room.get("/f").await.body["Tags"], json!({ "team": "lamp" }));
}

#[tokio::test]
async fn empty_members_ask_for_nothing() {
    let room = Room::new().await;
    let empty = json!({
        "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] },
        "DeadLetterConfig": { "TargetArn": "" },
        "KMSKeyArn": "",
        "Layers": [],
        "FileSystemConfigs": [],
        "TracingConfig": { "Mode": "PassThrough" },
        "SnapStart": { "ApplyOn": "None" },
        "ImageConfig": {},
        "Publish": false,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
    });
    let created = room.post(&with(function("f"), empty)).await;
    assert_eq!((created.status, masked(created.body)), (201, with(configuration(), pending())));
}

#[tokio::test]
async fn the_arn_is_qualified_as_it_was_asked_for() {
    let room = Room::new().await;
    room.active("f").await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let arns = [
        ("/f/configuration", arn.to_owned()),
        ("/f/configuration?Qualifier=%24LATEST", format!("{arn}:$LATEST")),
        ("/f%3A%24LATEST/configuration", format!("{arn}:$LATEST")),
        ("/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/configuration", arn.to_owned()),
        ("/000000000000:function:f/configuration", arn.to_owned()),
    ];
    for (tail, expected) in arns {
        assert_eq!(room.get(tail).await.body["FunctionArn"], expected, "for {tail}");
    }
}

#[tokio::test]
async fn lists_are_paged_and_tell_less() {
    let room = Room::new().await;
    for name in ["f", "g", "h"] {
        room.active(name).await;
    }
    let first = room.get("/?MaxItems=2").await;
    assert_eq!(first.status, 200);
    let rows = first.body["Functions"].as_array().expect("rows");
    assert_eq!((masked(rows[0].clone()), rows.len()), (configuration(), 2));
    let marker = first.body["NextMarker"].as_str().expect("there is more");
    let second = room.get(&format!("/?MaxItems=2&Marker={marker}")).await;
    assert_eq!(second.body["Functions"][0]["FunctionName"], "h");
    assert_eq!(second.body.as_object().expect("an object").len(), 1, "no further page");

    let all = room.get("/?FunctionVersion=ALL").await;
    let arns = all.body["Functions"].as_array().expect("rows").iter().map(|row| row["FunctionArn"].as_str());
    assert!(arns.flatten().all(|arn| arn.ends_with(":$LATEST")));
}

#[tokio::test]
async fn a_dry_run_tells_the_new_digest_alone() {
    let room = Room::new().await;
    room.active("f").await;
    let before = room.get("/f/configuration").await.body;
    let told = room.put("/f/code", &json!({ "ZipFile": zip("x = 2"), "DryRun": true })).await;
    assert_eq!(told.status, 200);
    assert_ne!(told.body["CodeSha256"], before["CodeSha256"]);
    assert_eq!(
        (&told.body["RevisionId"], &told.body["LastUpdateStatus"]),
        (&before["RevisionId"], &json!("Successful"))
    );
    assert_eq!(room.get("/f/configuration").await.body, before);
}
