//! What is refused, under which name and in which words.

use http::Method;
use serde_json::{Value, json};

use super::room::{Room, function, with, zip};

const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const INVALID: &str = "InvalidParameterValueException";
const VALIDATION: &str = "ValidationException";
const NOT_FOUND: &str = "ResourceNotFoundException";

/// Sends `method` to `tail` and compares status, exception and text.
async fn check(room: &Room, method: Method, tail: &str, body: &Value, expected: (u16, &str, &str)) {
    let answer = room.call(method.clone(), &format!("/2015-03-31/functions{tail}"), body).await;
    let spelled = ["message", "Message"].into_iter().find_map(|key| answer.body.get(key)).expect("a text, or null");
    let text = spelled.as_str().unwrap_or_default();
    let said = (answer.status, answer.code.as_deref().unwrap_or_default(), text);
    assert_eq!(said, expected, "for {method} {tail} {body}");
}

#[tokio::test]
async fn names_are_judged_as_recorded() {
    let room = Room::new().await;
    let arn = |tail: &str| format!("Function not found: arn:aws:lambda:us-east-1:000000000000:function:{tail}");
    let pattern = |value: &str| {
        format!(
            "1 validation error detected: Value '{value}' at 'functionName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: {NAME_PATTERN}"
        )
    };
    let long = "a".repeat(65);
    let (get, delete) = (Method::GET, Method::DELETE);
    let full = "arn:aws:lambda:us-east-1:000000000000:function";
    let cases = [
        (&get, "/*".to_owned(), 400, VALIDATION, pattern("*")),
        (&delete, "/my-function!".to_owned(), 400, VALIDATION, pattern("my-function!")),
        (&get, format!("/{full}"), 404, NOT_FOUND, arn("function")),
        (&get, "/my-function?Qualifier=%24latest".to_owned(), 404, NOT_FOUND, arn("my-function:$latest")),
        (&get, format!("/my-function?Qualifier={long}"), 404, NOT_FOUND, arn(&format!("my-function:{long}"))),
        (&delete, format!("/my-function?Qualifier={long}"), 400, INVALID, "Deletion of aliases is not currently supported.".to_owned()),
        (&delete, format!("/{long}"), 404, NOT_FOUND, arn(&long)),
        (&get, format!("/{full}:my-function:$LATES"), 400, VALIDATION, pattern(&format!("{full}:my-function:$LATES"))),
        (&get, "/some-function:1?Qualifier=%24LATEST".to_owned(), 400, INVALID,
         "The derived qualifier from the function name does not match the specified qualifier.".to_owned()),
        (&get, format!("/{full}:some-function:$LATEST?Qualifier=%24LATEST"), 404, NOT_FOUND, arn("some-function:$LATEST")),
        (&delete, format!("/{full}:some-function:$LATEST?Qualifier=%24LATEST"), 400, INVALID,
         "$LATEST version cannot be deleted without deleting the function.".to_owned()),
        (&get, "/arn:aws:lambda:ap-southeast-1:000000000000:function:f".to_owned(), 404, NOT_FOUND,
         "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')".to_owned()),
        (&get, "/my-function?Qualifier=invalid!".to_owned(), 400, VALIDATION,
         r"1 validation error detected: Value 'invalid!' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+".to_owned()),
        (&get, "/?FunctionVersion=invalid".to_owned(), 400, VALIDATION,
         "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]".to_owned()),
    ];
    for (method, tail, status, code, text) in cases {
        check(&room, method.clone(), &tail, &Value::Null, (status, code, &text)).await;
    }
}

/// Creates `f` with `more` set, and compares how it is refused.
async fn check_create(room: &Room, more: Value, expected: (u16, &str, &str)) {
    check(room, Method::POST, "", &with(function("f"), more), expected).await;
}

#[tokio::test]
async fn functions_that_cannot_be_are_refused_as_recorded() {
    let room = Room::new().await;
    let long = "a".repeat(65);
    check_create(
        &room,
        json!({ "FunctionName": long }),
        (400, INVALID, &format!("1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64")),
    )
    .await;
    check_create(
        &room,
        json!({ "FunctionName": "arn:aws:lambda:ap-southeast-1:000000000000:function:f" }),
        (404, NOT_FOUND, "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')"),
    )
    .await;
    check_create(
        &room,
        json!({ "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f" }),
        (403, "AccessDeniedException", ""),
    )
    .await;
    check_create(
        &room,
        json!({ "Role": "r1" }),
        (400, VALIDATION, r"1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"),
    )
    .await;
    let not_assumable = "The role defined for the function cannot be assumed by Lambda.";
    check_create(&room, json!({ "Role": "arn:aws:iam::000000000000:role/stranger" }), (400, INVALID, not_assumable))
        .await;
    check_create(&room, json!({ "Role": "arn:aws:iam::000000000000:rolex" }), (400, INVALID, not_assumable)).await;
    let mandatory = "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
    check_create(&room, json!({ "Runtime": null }), (400, INVALID, mandatory)).await;
    check_create(&room, json!({ "Handler": null }), (400, INVALID, mandatory)).await;
    check_create(&room, json!({ "Runtime": "ruby3.4" }), (400, INVALID, "install ruby")).await;
    check_create(
        &room,
        json!({ "Runtime": "python3.7" }),
        (400, INVALID, "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."),
    )
    .await;
    check_create(&room, json!({ "Code": {} }), (400, INVALID, "Please provide a source for function code.")).await;
    check_create(
        &room,
        json!({ "Code": { "ZipFile": "aGVsbG8=" } }),
        (400, INVALID, "Could not unzip uploaded file. Please check your file, then try to upload again."),
    )
    .await;
    check_create(
        &room,
        json!({ "SnapStart": { "ApplyOn": "invalidOption" } }),
        (400, VALIDATION, "1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]"),
    )
    .await;
    check_create(
        &room,
        json!({ "LoggingConfig": { "ApplicationLogLevel": "DEBUG" } }),
        (400, INVALID, "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the LogFormat to \"Json\" and try again."),
    )
    .await;
    let large = "x".repeat(4064);
    check_create(
        &room,
        json!({ "Environment": { "Variables": { "SMALL_VAR": "ok", "LARGE_VAR": large } } }),
        (400, INVALID, &format!("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {{\"SMALL_VAR\":\"ok\",\"LARGE_VAR\":\"{large}\"}}")),
    )
    .await;
    assert_eq!(room.get("/").await.body["Functions"], json!([]));
}

#[tokio::test]
async fn runtimes_that_do_not_exist_are_refused_as_recorded() {
    let room = Room::new().await;
    room.active("f").await;
    for runtime in ["non-existent-runtime", "PYTHON3.9"] {
        let text = format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2] or be a valid ARN"
        );
        check(&room, Method::PUT, "/f/configuration", &json!({ "Runtime": runtime }), (400, INVALID, &text)).await;
        check_create(&room, json!({ "FunctionName": "g", "Runtime": runtime }), (400, INVALID, &text)).await;
    }
}

#[tokio::test]
async fn what_is_not_built_is_refused_and_not_kept() {
    let room = Room::new().await;
    room.active("g").await;
    let settings = [
        ("VpcConfig", json!({ "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] } })),
        ("DeadLetterConfig", json!({ "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:us-east-1:000000000000:q" } })),
        ("KMSKeyArn", json!({ "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k" })),
        ("TracingConfig Active", json!({ "TracingConfig": { "Mode": "Active" } })),
        ("Layers", json!({ "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"] })),
        ("ImageConfig", json!({ "ImageConfig": { "Command": ["run"] } })),
        ("SnapStart", json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } })),
        ("DurableConfig", json!({ "DurableConfig": { "ExecutionTimeout": 60 } })),
    ];
    for (name, setting) in settings {
        let text = format!("{name} is not supported by Lanthorn yet.");
        check_create(&room, setting.clone(), (400, INVALID, &text)).await;
        check(&room, Method::PUT, "/g/configuration", &setting, (400, INVALID, &text)).await;
    }
    let of_create = [
        ("Publish", json!({ "Publish": true })),
        ("PackageType Image", json!({ "PackageType": "Image", "Code": { "ImageUri": "x" } })),
        ("Code in S3", json!({ "Code": { "S3Bucket": "bucket", "S3Key": "key" } })),
        ("TenancyConfig", json!({ "TenancyConfig": { "TenantIsolationMode": "PER_TENANT" } })),
    ];
    for (name, setting) in of_create {
        check_create(&room, setting, (400, INVALID, &format!("{name} is not supported by Lanthorn yet."))).await;
    }
    let publish = json!({ "ZipFile": zip("x = 2"), "Publish": true });
    let text = "Publish is not supported by Lanthorn yet.";
    check(&room, Method::PUT, "/g/code", &publish, (400, INVALID, text)).await;
    let region = "MasterRegion is not supported by Lanthorn yet.";
    check(&room, Method::GET, "/?MasterRegion=ALL&FunctionVersion=ALL", &Value::Null, (400, INVALID, region)).await;
    let names: Vec<Value> = room.get("/").await.body["Functions"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["FunctionName"].clone())
        .collect();
    assert_eq!(names, ["g"]);
}

#[tokio::test]
async fn changes_of_what_is_taken_stale_or_missing_are_refused() {
    let room = Room::new().await;
    let missing = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f";
    let description = json!({ "Description": "new" });
    check(&room, Method::PUT, "/f/configuration", &description, (404, NOT_FOUND, missing)).await;
    room.active("f").await;
    check_create(&room, json!({}), (409, "ResourceConflictException", "Function already exist: f")).await;
    let stale = json!({ "Description": "new", "RevisionId": "00000000-0000-0000-0000-000000000000" });
    let text = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    check(&room, Method::PUT, "/f/configuration", &stale, (412, "PreconditionFailedException", text)).await;
    let version = format!("{missing}:1");
    check(&room, Method::PUT, "/f%3A1/configuration", &description, (404, NOT_FOUND, &version)).await;
    check(&room, Method::PUT, "/f/code", &json!({}), (400, INVALID, "Please provide a source for function code."))
        .await;
    check(&room, Method::GET, "/?Marker=%21", &Value::Null, (400, INVALID, "The provided Marker is invalid.")).await;
}
