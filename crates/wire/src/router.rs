//! A service's handlers behind its model: decode, validate, handle, encode.

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Response, StatusCode};

use crate::context::Context;
use crate::fault::Fault;
use crate::operation::Operation;
use crate::request::Request;
use crate::service::{OperationModel, ServiceModel};
use crate::shape::{Decode as _, Encode as _};
use crate::value::{Mismatch, Value};
use crate::{protocol, validate};

type Handler = Box<dyn Fn(Context, Value) -> Result<BoxFuture<'static, Result<Value, Fault>>, Mismatch> + Send + Sync>;

/// The handlers of one service, by operation.
pub struct Router {
    service: &'static ServiceModel,
    /// One place for each of the service's operations, in their order.
    handlers: Vec<Option<Handler>>,
}

impl Router {
    /// A router that knows every operation of `service` and handles none yet.
    #[must_use]
    pub fn new(service: &'static ServiceModel) -> Self {
        Self { service, handlers: service.operations.iter().map(|_| None).collect() }
    }

    /// The same router with a handler for an operation, as `router.on(iam::GetRole, …)`.
    ///
    /// # Panics
    /// If the operation is another service's or has a handler already: both are slips of whoever writes the routes.
    #[must_use]
    pub fn on<O, F, Fut>(mut self, _: O, handler: F) -> Self
    where
        O: Operation,
        F: Fn(Context, O::Input) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, Fault>> + Send + 'static,
    {
        let operation = O::MODEL;
        assert!(std::ptr::eq(operation.service, self.service), "{} is another service's", operation.name);
        let place = &mut self.handlers[operation.index];
        assert!(place.is_none(), "{} has a handler already", operation.name);
        *place = Some(Box::new(move |context, value| {
            let answer = handler(context, O::Input::from_value(value)?);
            Ok(answer.map(|answer| answer.map(O::Output::into_value)).boxed())
        }));
        self
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &'static ServiceModel {
        self.service
    }

    /// The names of the operations that have a handler, in order; what is missing is a gap.
    #[must_use]
    pub fn implemented(&self) -> Vec<&'static str> {
        let built = self.service.operations.iter().zip(&self.handlers).filter(|(_, handler)| handler.is_some());
        built.map(|(operation, _)| operation.name).collect()
    }

    /// Answers `request`, which asks for `operation`. Faults are answers too.
    ///
    /// # Cancel safety
    /// Dropping the future drops the handler's.
    #[must_use]
    pub fn call(
        &self,
        operation: &'static OperationModel,
        context: Context,
        request: Request,
    ) -> BoxFuture<'_, Response<Bytes>> {
        let id = context.request_id;
        match self.begin(operation, context, &request) {
            Err(fault) => std::future::ready(protocol::fault(self.service, &fault, id)).boxed(),
            Ok(answer) => async move {
                match answer.await {
                    Ok(output) => protocol::encode(operation, output, id),
                    Err(fault) => protocol::fault(self.service, &fault, id),
                }
            }
            .boxed(),
        }
    }

    fn begin(
        &self,
        operation: &'static OperationModel,
        context: Context,
        request: &Request,
    ) -> Result<BoxFuture<'static, Result<Value, Fault>>, Fault> {
        let handler = self.handlers[operation.index].as_ref().ok_or_else(|| {
            let text = format!("{}:{} is not built yet", self.service.name, operation.name);
            Fault::new(StatusCode::NOT_IMPLEMENTED, "NotImplementedException", text)
        })?;
        let input = protocol::decode(operation, request)?;
        if let Some(schema) = operation.input {
            validate::validate(schema, &input)
                .map_err(|violations| self.service.validation.fault(violations.to_string()))?;
        }
        handler(context, input).map_err(|mismatch| {
            let text = format!("cannot read the input of {}: {mismatch}", operation.name);
            Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", text)
        })
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let built = self.implemented();
        formatter.debug_struct("Router").field("service", &self.service.name).field("implemented", &built).finish()
    }
}
