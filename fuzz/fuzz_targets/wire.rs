//! Requests of every protocol: recognised, decoded, validated and turned into what a handler gets.
//!
//! What its schema has accepted, a shape takes apart; and every refusal can be told to the client.

#![no_main]

mod nearly;

use http::{HeaderMap, HeaderValue, Method, Uri};
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::operation::Operation;
use lanthorn_wire::request::Request;
use lanthorn_wire::service::{OperationModel, ServiceModel};
use lanthorn_wire::shape::Decode;
use lanthorn_wire::validate::validate;
use lanthorn_wire::{iam, lambda, logs, protocol, sts};
use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;

/// A request that nobody's model had a hand in.
#[derive(Arbitrary, Debug)]
struct Wild<'a> {
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

/// Operations whose shapes are taken apart, too.
const TYPED: [fn(&Request); 9] = [
    typed::<lambda::CreateFunction>,
    typed::<lambda::UpdateFunctionConfiguration>,
    typed::<lambda::ListFunctions>,
    typed::<lambda::Invoke>,
    typed::<iam::CreateRole>,
    typed::<iam::ListRoles>,
    typed::<logs::PutLogEvents>,
    typed::<logs::FilterLogEvents>,
    typed::<sts::AssumeRole>,
];

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    // Too few bytes to make up a request.
    let _ = if u.arbitrary().unwrap_or(false) { wild(&mut u) } else { modelled(&mut u) };
});

fn wild(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let (service, operation): (u8, u8) = u.arbitrary()?;
    let Some(request) = Wild::arbitrary(u)?.request() else { return Ok(()) };
    let service = SERVICES[usize::from(service) % SERVICES.len()];
    read(service.operations[usize::from(operation) % service.operations.len()], &request);
    recognised(service, &request);
    TYPED.iter().for_each(|typed| typed(&request));
    Ok(())
}

fn modelled(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let service = *u.choose(&SERVICES)?;
    let operation = *u.choose(service.operations)?;
    let Some(request) = nearly::request(operation, u)? else { return Ok(()) };
    read(operation, &request);
    recognised(service, &request);
    TYPED.iter().for_each(|typed| typed(&request));
    Ok(())
}

fn recognised(service: &'static ServiceModel, request: &Request) {
    match service.recognise(request) {
        Ok(operation) => read(operation, request),
        Err(fault) => drop(protocol::fault(service, &fault, id())),
    }
}

fn read(operation: &'static OperationModel, request: &Request) {
    match protocol::decode(operation, request) {
        Ok(value) => {
            if let Some(Err(violations)) = operation.input.map(|schema| validate(schema, &value)) {
                let fault = operation.service.validation.fault(violations.to_string());
                drop(protocol::fault(operation.service, &fault, id()));
            }
        }
        Err(fault) => drop(protocol::fault(operation.service, &fault, id())),
    }
}

fn typed<O: Operation>(request: &Request) {
    let Ok(value) = protocol::decode(O::MODEL, request) else { return };
    let Some(schema) = O::MODEL.input else { return };
    if validate(schema, &value).is_ok() {
        assert!(O::Input::from_value(value.clone()).is_ok(), "{} of {value:?}", O::MODEL.name);
    }
}

impl Wild<'_> {
    fn request(&self) -> Option<Request> {
        let method = [Method::POST, Method::GET, Method::PUT, Method::DELETE][usize::from(self.method % 4)].clone();
        let uri: Uri = self.target.parse().ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = match name {
                Header::InvocationType => "x-amz-invocation-type",
                Header::LogType => "x-amz-log-type",
                Header::ClientContext => "x-amz-client-context",
                Header::ContentType => "content-type",
                Header::Qualifier => "qualifier",
            };
            headers.append(name, HeaderValue::from_str(value).ok()?);
        }
        let target = format!("Logs_20140328.{}", self.x_amz_target);
        headers.insert("x-amz-target", HeaderValue::from_str(&target).ok()?);
        Some(Request { method, uri, headers, body: self.body.to_vec().into() })
    }
}

fn id() -> RequestId {
    "5e1a9f6e-0f0a-4f5e-8a4d-3f1f9b8a7c6d".parse().expect("a UUID")
}
