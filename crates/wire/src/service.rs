//! What a model says of a service, its operations and its errors.

use std::sync::OnceLock;

use http::{Method, StatusCode};

use crate::fault::Fault;
use crate::recognise::Routes;
use crate::schema::Schema;

/// A service: the root of a generated module.
#[derive(Debug)]
pub struct ServiceModel {
    /// The name in credential scopes and in `service:Operation`, as `lambda`.
    pub name: &'static str,
    /// The API version, as `2015-03-31`.
    pub version: &'static str,
    /// How its operations are spelled.
    pub protocol: Protocol,
    /// Every operation, ordered by name.
    pub operations: &'static [&'static OperationModel],
    /// The error of a request that violates the model's constraints.
    pub validation: &'static ErrorModel,
    pub(crate) routes: OnceLock<Routes>,
}

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Resources by path and method, JSON bodies.
    RestJson,
    /// `X-Amz-Target: PREFIX.Operation`, JSON bodies.
    AwsJson {
        /// What stands before the operation's name.
        target_prefix: &'static str,
        /// The content type's suffix: `1.0` or `1.1`.
        version: &'static str,
    },
    /// `Action=Operation` in a form, XML answers.
    Query {
        /// The namespace of answers.
        xml_namespace: &'static str,
    },
}

/// One operation.
#[derive(Debug)]
pub struct OperationModel {
    /// Its name.
    pub name: &'static str,
    /// Its position in [`ServiceModel::operations`].
    pub index: usize,
    /// The service it belongs to.
    pub service: &'static ServiceModel,
    /// The HTTP method; `POST` for all but rest-json.
    pub method: Method,
    /// The path, for rest-json.
    pub path: &'static [Segment],
    /// What the query string must say for it to be this operation and not another of the same path.
    pub query: &'static [(&'static str, &'static str)],
    /// The status of a success, unless the output says another.
    pub status: u16,
    /// What it takes.
    pub input: Option<&'static Schema>,
    /// What it gives.
    pub output: Option<&'static Schema>,
    /// Whether the answer is an event stream, which the caller writes itself.
    pub event_stream: bool,
}

/// A part of a path between two slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this.
    Literal(&'static str),
    /// Anything but a slash, for the input member bound to this label.
    Label(&'static str),
    /// The rest of the path up to what follows, slashes included.
    Greedy(&'static str),
}

/// An error a service names.
#[derive(Debug)]
pub struct ErrorModel {
    /// The code on the wire, as `NoSuchEntity` or `ResourceNotFoundException`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Whether its body spells the text's key `Message`.
    pub capital_message: bool,
    /// What its body's `Type` says, if it has one: `User` or `Service`.
    pub kind: Option<&'static str>,
}

impl ErrorModel {
    /// An error whose body has a `message` alone.
    #[must_use]
    pub const fn new(code: &'static str, status: u16) -> Self {
        Self { code, status, capital_message: false, kind: None }
    }

    /// The same, its text under `Message`.
    #[must_use]
    pub const fn capital_message(self) -> Self {
        Self { capital_message: true, ..self }
    }

    /// The same, with a `Type`.
    #[must_use]
    pub const fn kind(self, kind: &'static str) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// A fault of this name.
    ///
    /// # Panics
    /// Never for a generated model: the generator has checked its statuses.
    #[must_use]
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        let status = StatusCode::from_u16(self.status).expect("the model's statuses are statuses");
        let fault = Fault { capital_message: self.capital_message, ..Fault::new(status, self.code, message) };
        match self.kind {
            Some(kind) => fault.with("Type", kind),
            None => fault,
        }
    }
}

impl ServiceModel {
    /// A service, for the generated tables.
    #[must_use]
    pub const fn new(
        name: &'static str,
        version: &'static str,
        protocol: Protocol,
        operations: &'static [&'static OperationModel],
        validation: &'static ErrorModel,
    ) -> Self {
        Self { name, version, protocol, operations, validation, routes: OnceLock::new() }
    }

    /// The operation called `name`.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&'static OperationModel> {
        let at = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        Some(self.operations[at])
    }
}
