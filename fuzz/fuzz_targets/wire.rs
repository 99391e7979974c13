//! Requests of every protocol: recognised, decoded, validated and turned into what a handler gets.
//!
//! What its schema has accepted, a shape takes apart; and every refusal can be told to the client.

#![no_main]

use http::{HeaderMap, HeaderValue, Method, Uri};
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::operation::Operation;
use lanthorn_wire::request::Request;
use lanthorn_wire::service::{OperationModel, ServiceModel};
use lanthorn_wire::shape::Decode;
use lanthorn_wire::validate::validate;
use lanthorn_wire::{iam, lambda, logs, protocol, sts};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    service: u8,
    operation: u8,
    method: u8,
    /// Path and query.
    target: &'a str,
    x_amz_target: &'a str,
    headers: Vec<(Header, &'a str)>,
    body: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Header {
    InvocationType,
    LogType,
    ClientContext,
    ContentType,
    Qualifier,
}

const SERVICES: [&ServiceModel; 4] = [&lambda::SERVICE, &iam::SERVICE, &logs::SERVICE, &sts::SERVICE];

fuzz_target!(|input: Input<'_>| {
    let Some(request) = request(&input) else { return };
    let service = SERVICES[usize::from(input.service) % SERVICES.len()];
    match service.recognise(&request) {
        Ok(operation) => read(operation, &request),
        Err(fault) => drop(protocol::fault(service, &fault, id())),
    }
    let operation = service.operations[usize::from(input.operation) % service.operations.len()];
    read(operation, &request);

    typed::<lambda::CreateFunction>(&request);
    typed::<lambda::UpdateFunctionConfiguration>(&request);
    typed::<lambda::ListFunctions>(&request);
    typed::<lambda::Invoke>(&request);
    typed::<iam::CreateRole>(&request);
    typed::<iam::ListRoles>(&request);
    typed::<logs::PutLogEvents>(&request);
    typed::<logs::FilterLogEvents>(&request);
    typed::<sts::AssumeRole>(&request);
});

fn request(input: &Input<'_>) -> Option<Request> {
    let method = [Method::POST, Method::GET, Method::PUT, Method::DELETE][usize::from(input.method % 4)].clone();
    let uri: Uri = input.target.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in &input.headers {
        let name = match name {
            Header::InvocationType => "x-amz-invocation-type",
            Header::LogType => "x-amz-log-type",
            Header::ClientContext => "x-amz-client-context",
            Header::ContentType => "content-type",
            Header::Qualifier => "qualifier",
        };
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    headers.insert("x-amz-target", HeaderValue::from_str(&format!("Logs_20140328.{}", input.x_amz_target)).ok()?);
    Some(Request { method, uri, headers, body: input.body.to_vec().into() })
}

fn read(operation: &'static OperationModel, request: &Request) {
    let id = id();
    match protocol::decode(operation, request) {
        Ok(value) => {
            if let Some(Err(violations)) = operation.input.map(|schema| validate(schema, &value)) {
                let fault = operation.service.validation.fault(violations.to_string());
                drop(protocol::fault(operation.service, &fault, id));
            }
        }
        Err(fault) => drop(protocol::fault(operation.service, &fault, id)),
    }
}

fn id() -> RequestId {
    "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID")
}

fn typed<O: Operation>(request: &Request) {
    let Ok(value) = protocol::decode(O::MODEL, request) else { return };
    let Some(schema) = O::MODEL.input else { return };
    if validate(schema, &value).is_ok() {
        assert!(O::Input::from_value(value.clone()).is_ok(), "{} of {value:?}", O::MODEL.name);
    }
}
