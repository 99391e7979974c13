//! `errors.rs`: the errors a service names, as constants.

use anyhow::Result;

use crate::generate::model::{Model, Shape};
use crate::generate::{names, overrides};

/// The constant of an error shape: `NoSuchEntityException` is `NO_SUCH_ENTITY`.
pub(super) fn constant(shape: &str) -> String {
    names::constant(shape.strip_suffix("Exception").unwrap_or(shape))
}

pub(super) fn emit(service: &str, model: &Model) -> Result<String> {
    let mut text = String::from("\nuse crate::service::ErrorModel;\n\n");
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| shape.exception) {
        text += &define(name, shape);
    }
    let validation = overrides::validation(service);
    if !model.shapes.contains_key(validation) {
        let constant = constant(validation);
        text += &format!("pub static {constant}: ErrorModel = ErrorModel::new({validation:?}, 400);\n");
    }
    Ok(text)
}

fn define(name: &str, shape: &Shape) -> String {
    let error = shape.error.as_ref();
    let code = error.and_then(|error| error.code.as_deref()).unwrap_or(name);
    let default = if shape.fault { 500 } else { 400 };
    let status = error.and_then(|error| error.http_status_code).unwrap_or(default);
    let has = |member: &str| shape.members.0.iter().any(|(name, _)| name == member);
    let mut definition = format!("ErrorModel::new({code:?}, {status})");
    if has("Message") {
        definition += ".capital_message()";
    }
    if has("Type") {
        definition += &format!(".kind({:?})", if status < 500 { "User" } else { "Service" });
    }
    format!("pub static {}: ErrorModel = {definition};\n", constant(name))
}
