//! Which operation a request asks for.
//!
//! ```text
//!  rest-json   method + path + (query where two share a path)
//!  aws-json    X-Amz-Target: PREFIX.Operation
//!  query       Action=Operation, in the query string or the form
//! ```
//!
//! Paths are matched undecoded and each label is decoded alone, so that an ARN
//! may contain `%2F`; a raw `:` is as good as `%3A`. A trailing slash is let
//! pass: older clients end collections with one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use crate::fault::Fault;
use crate::request::Request;
use crate::service::{OperationModel, Protocol, Segment, ServiceModel};

/// The operations of a rest-json service by method and first segment, the more particular ones first.
#[derive(Debug)]
pub(crate) struct Routes(BTreeMap<(&'static str, &'static str), Vec<&'static OperationModel>>);

impl ServiceModel {
    /// The operation `request` asks for. Of a query service the form must be there already; the others need no body.
    ///
    /// # Errors
    /// The service's own fault for an unknown operation.
    pub fn recognise(&'static self, request: &Request) -> Result<&'static OperationModel, Fault> {
        match self.protocol {
            Protocol::RestJson => self.by_path(request).ok_or_else(|| {
                let text = format!("{} {} is not an operation of this service", request.method, request.path());
                Fault::new(StatusCode::NOT_FOUND, "UnknownOperationException", text)
            }),
            Protocol::AwsJson { target_prefix, .. } => {
                let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
                let name = target.and_then(|it| it.strip_prefix(target_prefix)).and_then(|it| it.strip_prefix('.'));
                name.and_then(|name| self.operation(name)).ok_or_else(|| {
                    let text = format!("Unknown operation: {}", target.unwrap_or("no X-Amz-Target"));
                    Fault::new(StatusCode::BAD_REQUEST, "UnknownOperationException", text)
                })
            }
            Protocol::Query { .. } => {
                let action = form_value(request, "Action").ok_or_else(|| {
                    Fault::new(
                        StatusCode::BAD_REQUEST,
                        "MissingAction",
                        "The request must contain the parameter Action",
                    )
                })?;
                self.operation(&action).ok_or_else(|| {
                    let version = form_value(request, "Version").unwrap_or(Cow::Borrowed(self.version));
                    let text = format!("Could not find operation {action} for version {version}");
                    Fault::new(StatusCode::BAD_REQUEST, "InvalidAction", text)
                })
            }
        }
    }

    fn by_path(&'static self, request: &Request) -> Option<&'static OperationModel> {
        let routes = self.routes.get_or_init(|| Routes::of(self));
        let path = request.path();
        let first = path.strip_prefix('/')?.split('/').next()?;
        let candidates = routes.0.get(&(request.method.as_str(), first))?;
        let fits = |operation: &&&OperationModel| {
            bind(operation.path, path, &mut |_, _| {}) && asks_for(request.query(), operation.query)
        };
        candidates.iter().find(fits).copied()
    }
}

impl Routes {
    fn of(service: &'static ServiceModel) -> Self {
        let mut routes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for operation in service.operations {
            let first = match operation.path.first() {
                Some(Segment::Literal(literal)) => *literal,
                _ => "",
            };
            routes.entry((operation.method.as_str(), first)).or_default().push(*operation);
        }
        for candidates in routes.values_mut() {
            candidates.sort_by_key(|operation| {
                let openness: Vec<u8> = operation.path.iter().map(openness).collect();
                (openness, std::cmp::Reverse(operation.query.len()))
            });
        }
        Self(routes)
    }
}

fn openness(segment: &Segment) -> u8 {
    match segment {
        Segment::Literal(_) => 0,
        Segment::Label(_) => 1,
        Segment::Greedy(_) => 2,
    }
}

impl OperationModel {
    /// What `path` says at `label`, decoded; for deciding on a resource before the input is decoded.
    #[must_use]
    pub fn label<'p>(&self, path: &'p str, label: &str) -> Option<Cow<'p, str>> {
        let mut found = None;
        bind(self.path, path, &mut |name, value| {
            if name == label {
                found = Some(percent_decode_str(value).decode_utf8_lossy());
            }
        });
        found
    }
}

/// Whether `path` fits `pattern`; tells `found` each label and its undecoded value.
pub(crate) fn bind<'p>(pattern: &[Segment], path: &'p str, found: &mut impl FnMut(&'static str, &'p str)) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut rest = path.strip_prefix('/');
    for (at, segment) in pattern.iter().enumerate() {
        let Some(here) = rest else { return false };
        let taken = match segment {
            Segment::Greedy(_) => {
                let mut end = here.len();
                for _ in at + 1..pattern.len() {
                    let Some(slash) = here[..end].rfind('/') else { return false };
                    end = slash;
                }
                end
            }
            Segment::Literal(_) | Segment::Label(_) => here.find('/').unwrap_or(here.len()),
        };
        let (value, after) = here.split_at(taken);
        rest = after.strip_prefix('/');
        match segment {
            Segment::Literal(literal) if *literal == value => {}
            Segment::Label(name) | Segment::Greedy(name) if !value.is_empty() => found(name, value),
            _ => return false,
        }
    }
    rest.is_none()
}

/// Whether `query` says everything that tells an operation from its neighbour.
fn asks_for(query: &str, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(key, value)| {
        form_urlencoded::parse(query.as_bytes())
            .any(|(found, said)| found == *key && (value.is_empty() || said == *value))
    })
}

/// A parameter of a query request: from the query string, else from the form.
fn form_value<'r>(request: &'r Request, key: &str) -> Option<Cow<'r, str>> {
    let find = |text: &'r [u8]| form_urlencoded::parse(text).find(|(found, _)| found == key).map(|(_, value)| value);
    find(request.query().as_bytes()).or_else(|| find(&request.body))
}
