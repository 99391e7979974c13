//! Which operation a request asks for.

use http::StatusCode;
use lanthorn_wire::service::{OperationModel, Segment, ServiceModel};
use lanthorn_wire::{iam, lambda, logs, sts};

use crate::request;

/// The path of an operation with `label` for every label.
fn path(operation: &OperationModel, label: &str) -> String {
    let segments = operation.path.iter().map(|segment| match segment {
        Segment::Literal(literal) => *literal,
        Segment::Label(_) | Segment::Greedy(_) => label,
    });
    segments.fold(String::new(), |path, segment| path + "/" + segment)
}

fn query(operation: &OperationModel) -> String {
    let pairs: Vec<_> = operation.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

#[track_caller]
fn check(service: &'static ServiceModel, head: &str, headers: &[(&str, &str)], body: &str, expected: &str) {
    match service.recognise(&request(head, headers, body.to_owned())) {
        Ok(operation) => assert_eq!(operation.name, expected, "{head}"),
        Err(fault) => assert_eq!(fault.code, expected, "{head}"),
    }
}

#[test]
fn lambda_has_91_operations_and_each_is_found() {
    assert_eq!(lambda::SERVICE.operations.len(), 91);
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let escaped = "arn%3Aaws%3Alambda%3A%3A%2Fx%2Fy";
    for operation in lambda::SERVICE.operations {
        for label in ["f", arn, escaped] {
            let (method, path, query) = (&operation.method, path(operation, label), query(operation));
            check(&lambda::SERVICE, &format!("{method} {path}?{query}"), &[], "", operation.name);
            check(&lambda::SERVICE, &format!("{method} {path}/?{query}"), &[], "", operation.name);
            check(&lambda::SERVICE, &format!("{method} {path}?{query}&other=1"), &[], "", operation.name);
        }
    }
}

#[test]
fn every_operation_knows_its_place() {
    for service in [&lambda::SERVICE, &iam::SERVICE, &sts::SERVICE, &logs::SERVICE] {
        for (at, operation) in service.operations.iter().enumerate() {
            assert_eq!(operation.index, at, "{}", operation.name);
            assert!(std::ptr::eq(operation.service, service));
            assert!(std::ptr::eq(service.operation(operation.name).unwrap(), *operation));
        }
    }
    assert_eq!(iam::SERVICE.operations.len(), 180);
    assert_eq!(sts::SERVICE.operations.len(), 11);
    assert_eq!(logs::SERVICE.operations.len(), 118);
}

#[test]
fn a_query_string_tells_neighbours_apart() {
    let lambda = &lambda::SERVICE;
    check(lambda, "GET /2018-10-31/layers", &[], "", "ListLayers");
    check(lambda, "GET /2018-10-31/layers?find=LayerVersion&Arn=a", &[], "", "GetLayerVersionByArn");
    check(lambda, "GET /2018-10-31/layers?find=Other", &[], "", "ListLayers");
    let provisioned = "GET /2019-09-30/functions/f/provisioned-concurrency";
    check(lambda, provisioned, &[], "", "GetProvisionedConcurrencyConfig");
    check(lambda, &format!("{provisioned}?Qualifier=1"), &[], "", "GetProvisionedConcurrencyConfig");
    check(lambda, &format!("{provisioned}?List=ALL"), &[], "", "ListProvisionedConcurrencyConfigs");
}

#[test]
fn unknown_paths_are_unknown_operations() {
    for head in [
        "GET /",
        "GET //",
        "GET /2015-03-31",
        "GET /2015-03-31/functions/f/nothing",
        "PATCH /2015-03-31/functions",
        "GET /2015-03-31/functions//configuration",
        "GET /2015-03-31/functions/f/configuration//",
        "POST /2015-03-31/functions/a/b/invocations",
    ] {
        check(&lambda::SERVICE, head, &[], "", "UnknownOperationException");
    }
    let fault = lambda::SERVICE.recognise(&request("GET /x", &[], "")).unwrap_err();
    assert_eq!(fault.status, StatusCode::NOT_FOUND);
}

#[test]
fn a_label_is_decoded_alone() {
    let operation = lambda::SERVICE.operation("Invoke").unwrap();
    let label = |path| operation.label(path, "FunctionName").map(String::from);
    assert_eq!(label("/2015-03-31/functions/a%2Fb%3Ac:d/invocations").as_deref(), Some("a/b:c:d"));
    assert_eq!(operation.label("/2015-03-31/functions/f/invocations", "Name"), None);
}

#[test]
fn a_target_names_an_operation() {
    let logs = &logs::SERVICE;
    let target = |name| [("X-Amz-Target", name)];
    check(logs, "POST /", &target("Logs_20140328.CreateLogGroup"), "{}", "CreateLogGroup");
    for unknown in ["Logs_20140328.Nothing", "Logs_20140328", "DynamoDB_20120810.ListTables", "CreateLogGroup"] {
        check(logs, "POST /", &target(unknown), "{}", "UnknownOperationException");
    }
    check(logs, "POST /", &[], "{}", "UnknownOperationException");
}

#[test]
fn an_action_names_an_operation() {
    check(&sts::SERVICE, "POST /", &[], "Action=GetCallerIdentity&Version=2011-06-15", "GetCallerIdentity");
    check(&sts::SERVICE, "GET /?Action=GetCallerIdentity&Version=2011-06-15", &[], "", "GetCallerIdentity");
    check(&iam::SERVICE, "POST /", &[], "Version=2010-05-08", "MissingAction");
    check(&iam::SERVICE, "POST /", &[], "Action=Nothing&Version=2010-05-08", "InvalidAction");
    let fault = iam::SERVICE.recognise(&request("POST /", &[], "Action=Nothing")).unwrap_err();
    assert_eq!(fault.message, "Could not find operation Nothing for version 2010-05-08");
}

#[test]
fn a_greedy_label_takes_slashes() {
    static OBJECT: &[Segment] = &[Segment::Label("Bucket"), Segment::Greedy("Key"), Segment::Literal("end")];
    let like = lambda::SERVICE.operation("Invoke").unwrap();
    let operation = OperationModel {
        name: "GetObject",
        index: 0,
        service: like.service,
        method: like.method.clone(),
        path: OBJECT,
        query: &[],
        status: 200,
        input: None,
        output: None,
        event_stream: false,
    };
    let label = |path, label| operation.label(path, label).map(String::from);
    assert_eq!(label("/b/a/c%20d/e/end", "Key").as_deref(), Some("a/c d/e"));
    assert_eq!(label("/b/a/c%20d/e/end", "Bucket").as_deref(), Some("b"));
}
