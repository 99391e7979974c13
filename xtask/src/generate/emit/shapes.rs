//! `shapes.rs`: a struct for each structure.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use crate::generate::model::Model;
use crate::generate::names;

/// Names that a struct may not take: the fields' types.
const TAKEN: &[&str] = &["BTreeMap", "Box", "Bytes", "Option", "String", "Timestamp", "Vec"];

pub(super) fn emit(model: &Model, reachable: &BTreeSet<&str>) -> Result<String> {
    let mut structs = String::new();
    let mut seen = BTreeMap::new();
    for name in reachable {
        if model.shape(name)?.kind == "structure" {
            let type_ = names::type_(name);
            ensure!(!TAKEN.contains(&type_.as_str()), "`{type_}` is a structure and a field's type");
            ensure!(seen.insert(type_, *name).is_none(), "`{name}` is there twice");
            structs += &define(name, model)?;
        }
    }
    let import = |type_: &str, path: &str| {
        let used = [format!("{type_}<"), format!("<{type_}>"), format!(": {type_},")];
        if used.iter().any(|used| structs.contains(used)) { format!("use {path};\n") } else { String::new() }
    };
    let standard = import("BTreeMap", "std::collections::BTreeMap");
    let others = import("Bytes", "bytes::Bytes") + &import("Timestamp", "jiff::Timestamp");
    Ok(format!("\n{standard}\n{others}\nuse crate::shape::structure;\n\n{structs}"))
}

fn define(name: &str, model: &Model) -> Result<String> {
    let shape = model.shape(name)?;
    let mut fields = String::new();
    let mut names_seen = BTreeSet::new();
    let mut optional = true;
    for (member, target) in model.members(shape) {
        let field = names::field(member);
        ensure!(names_seen.insert(field.clone()), "`{name}` has two fields `{field}`");
        let mut type_ = type_of(&target.shape, model)?;
        if model.shape(&target.shape)?.kind == "structure" && contains(&target.shape, name, model)? {
            type_ = format!("Box<{type_}>");
        }
        if shape.required.contains(member) {
            optional = false;
        } else {
            type_ = format!("Option<{type_}>");
        }
        fields += &format!("        pub {field}: {type_},\n");
    }
    let default = if optional { "    #[derive(Default)]\n" } else { "" };
    ensure!(names::type_(name) == name, "`{name}` does not begin with a capital");
    let body = if fields.is_empty() { String::new() } else { format!("\n{fields}    ") };
    Ok(format!("structure! {{\n{default}    pub struct {name} {{{body}}}\n}}\n\n"))
}

fn type_of(name: &str, model: &Model) -> Result<String> {
    let shape = model.shape(name)?;
    Ok(match shape.kind.as_str() {
        "structure" => names::type_(name),
        "list" => format!("Vec<{}>", type_of(&shape.member.as_ref().context("a list of nothing")?.shape, model)?),
        "map" => {
            let value = shape.value.as_ref().context("a map to nothing")?;
            format!("BTreeMap<String, {}>", type_of(&value.shape, model)?)
        }
        "string" => "String".to_owned(),
        "blob" => "Bytes".to_owned(),
        "timestamp" => "Timestamp".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "float" | "double" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        other => anyhow::bail!("a `{other}` has no type"),
    })
}

/// Whether a value of `outer` has one of `inner` inside without a list or map between.
fn contains(outer: &str, inner: &str, model: &Model) -> Result<bool> {
    let mut pending = vec![outer];
    let mut seen = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if name == inner {
            return Ok(true);
        }
        let shape = model.shape(name)?;
        if shape.kind == "structure" && seen.insert(name) {
            pending.extend(model.members(shape).map(|(_, member)| member.shape.as_str()));
        }
    }
    Ok(false)
}
