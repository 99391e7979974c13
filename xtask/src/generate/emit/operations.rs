//! `operations.rs`: how each operation is recognised, and what it takes and gives.

use anyhow::{Result, ensure};

use crate::generate::model::{Model, Operation};

pub(super) fn emit(model: &Model) -> Result<String> {
    let mut tables = String::new();
    for (index, operation) in model.operations.values().enumerate() {
        tables += &table(index, operation, model)?;
    }
    let all: String = model.operations.keys().map(|name| format!("&{name},\n")).collect();
    let segment = if tables.contains("Segment::") { ", Segment" } else { "" };
    Ok(format!(
        "\nuse http::Method;\n\nuse super::{{SERVICE, schemas}};\nuse crate::service::{{OperationModel{segment}}};\n\n\
         pub(super) static ALL: &[&OperationModel] = &[\n{all}];\n\n{tables}"
    ))
}

fn table(index: usize, operation: &Operation, model: &Model) -> Result<String> {
    let name = &operation.name;
    let output = operation.output.as_ref();
    if let Some(wrapper) = output.and_then(|output| output.result_wrapper.as_ref()) {
        ensure!(*wrapper == format!("{name}Result"), "`{name}` wraps its result in `{wrapper}`");
    }
    let method = &operation.http.method;
    let (path, query) = uri(&operation.http.request_uri);
    let status = operation.http.response_code;
    let schema = |shape: Option<&String>| shape.map_or("None".to_owned(), |shape| format!("Some(&schemas::{shape})"));
    let input = schema(operation.input.as_ref().map(|input| &input.shape));
    let event_stream = match output {
        Some(output) => model.streams_events(model.shape(&output.shape)?),
        None => false,
    };
    let output = schema(output.map(|output| &output.shape));
    Ok(format!(
        "pub(super) static {name}: OperationModel = OperationModel {{\nname: {name:?},\nindex: {index},\n\
         service: &SERVICE,\nmethod: Method::{method},\npath: &[{path}],\nquery: &[{query}],\nstatus: {status},\n\
         input: {input},\noutput: {output},\nevent_stream: {event_stream},\n}};\n\n"
    ))
}

/// The segments and the fixed query of `/a/{B}/c?d=e`.
fn uri(written: &str) -> (String, String) {
    let (path, query) = written.split_once('?').unwrap_or((written, ""));
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
        None => format!("Segment::Literal({segment:?})"),
        Some(label) => match label.strip_suffix('+') {
            None => format!("Segment::Label({label:?})"),
            Some(label) => format!("Segment::Greedy({label:?})"),
        },
    };
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(segment).collect();
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("({key:?}, {value:?})")
    };
    let query: Vec<String> = query.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    (segments.join(", "), query.join(", "))
}
