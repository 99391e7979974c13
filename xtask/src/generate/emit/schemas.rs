//! `schemas.rs`: the tables.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};

use super::patterns::Patterns;
use crate::generate::model::{Member, Model, Shape};
use crate::generate::overrides;

pub(super) fn emit(
    service: &str,
    model: &Model,
    reachable: &BTreeSet<&str>,
    patterns: &mut Patterns,
) -> Result<String> {
    let mut tables = String::new();
    for name in reachable {
        let schema = schema(service, name, model, patterns).with_context(|| format!("shape `{name}`"))?;
        tables += &format!("pub(super) static {name}: Schema = {schema};\n");
    }
    let imports: Vec<&str> = ["Location", "Member", "Schema", "TimestampFormat"]
        .into_iter()
        .filter(|import| tables.contains(&format!("{import}::")))
        .collect();
    let imports = imports.join(", ");
    Ok(format!("\nuse super::patterns;\nuse crate::schema::{{{imports}}};\n\n{tables}"))
}

fn schema(service: &str, name: &str, model: &Model, patterns: &mut Patterns) -> Result<String> {
    let shape = model.shape(name)?;
    let listed = |table: &[(&str, &str)]| table.contains(&(service, name));
    let mut text = match shape.kind.as_str() {
        "structure" => format!("Schema::structure({name:?}, &[{}])", members(model, shape)?),
        "list" => {
            let member = shape.member.as_ref().context("a list of nothing")?;
            ensure!(member.location_name.is_none() && !shape.flattened, "a list with spellings of its own");
            format!("Schema::list({name:?}, &{})", member.shape)
        }
        "map" => {
            let (key, value) = (shape.key.as_ref().context("no key")?, shape.value.as_ref().context("no value")?);
            let plain = key.location_name.is_none() && value.location_name.is_none() && !shape.flattened;
            ensure!(plain, "a map with spellings of its own");
            format!("Schema::map({name:?}, &{}, &{})", key.shape, value.shape)
        }
        "timestamp" => {
            format!("Schema::timestamp({name:?}, {})", timestamp_format(shape.timestamp_format.as_deref())?)
        }
        "float" | "double" => format!("Schema::double({name:?})"),
        kind @ ("string" | "blob" | "integer" | "long" | "boolean") => format!("Schema::{kind}({name:?})"),
        other => bail!("a `{other}` is not known"),
    };
    for (bound, value) in [("min", shape.min), ("max", shape.max)] {
        if let Some(value) = value {
            ensure!(value.fract() == 0.0, "the bound {value} is not whole");
            text += &format!(".{bound}({value:.0})");
        }
    }
    let recorded = overrides::PATTERNS.iter().find(|(of, shape, _)| (*of, *shape) == (service, name));
    if let Some(pattern) = recorded.map(|(.., pattern)| *pattern).or(shape.pattern.as_deref()) {
        text += &format!(".pattern({})", patterns.refer(pattern));
    }
    if !shape.values.is_empty() && !listed(overrides::SERVICE_CHECKED) {
        text += &format!(".values(&{:?})", as_listed(&shape.values));
    }
    if shape.sensitive {
        text += ".sensitive()";
    }
    if listed(overrides::NOT_NULL) {
        text += ".not_null()";
    }
    Ok(text)
}

fn members(model: &Model, shape: &Shape) -> Result<String> {
    let mut text = String::new();
    for (name, member) in model.members(shape) {
        text += &format!("Member::new({name:?}, &{})", member.shape);
        if let Some((location, wire)) = location(name, member, shape)? {
            text += &format!(".at(Location::{location}, {wire:?})");
        }
        if shape.required.contains(name) {
            text += ".required()";
        }
        text += ", ";
        ensure!(member.timestamp_format.is_none(), "`{name}` has a timestamp format of its own");
    }
    Ok(text)
}

/// Where a member travels and under what name, if not in the body under its own.
fn location<'a>(name: &'a str, member: &'a Member, shape: &Shape) -> Result<Option<(&'static str, &'a str)>> {
    let wire = member.location_name.as_deref().unwrap_or(name);
    if shape.payload.as_deref() == Some(name) {
        return Ok(Some(("Payload", wire)));
    }
    let location = match member.location.as_deref() {
        None if wire == name => return Ok(None),
        None => "Body",
        Some("uri") => "Label",
        Some("querystring") => "Query",
        Some("header") => "Header",
        Some("headers") => "HeaderPrefix",
        Some("statusCode") => "StatusCode",
        Some(other) => bail!("the location `{other}` is not known"),
    };
    Ok(Some((location, wire)))
}

fn timestamp_format(written: Option<&str>) -> Result<&'static str> {
    Ok(match written {
        None => "None",
        Some("unixTimestamp") => "Some(TimestampFormat::EpochSeconds)",
        Some("iso8601") => "Some(TimestampFormat::DateTime)",
        Some("rfc822") => "Some(TimestampFormat::HttpDate)",
        Some(other) => bail!("the timestamp format `{other}` is not known"),
    })
}

/// The order in which AWS's refusals list an enumeration.
///
/// Not the model's: that of a hash table of 32 buckets over Java's
/// `String.hashCode`, doubled when three quarters full, the later of two in one
/// bucket first. Found by trying; it holds for each of the four enumerations
/// recorded from Lambda and for nine seen of other services.
fn as_listed(values: &[String]) -> Vec<&str> {
    let mut buckets = 32;
    while values.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mut listed: Vec<&str> = values.iter().rev().map(String::as_str).collect();
    listed.sort_by_key(|value| java_hash(value) as usize % buckets);
    listed
}

/// Java's `String.hashCode`, as unsigned.
fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::as_listed;

    #[test]
    fn enumerations_stand_as_aws_lists_them() {
        for (model, expected) in [
            // Recorded.
            ("TRIM_HORIZON LATEST AT_TIMESTAMP", "LATEST AT_TIMESTAMP TRIM_HORIZON"),
            ("BUFFERED RESPONSE_STREAM", "RESPONSE_STREAM BUFFERED"),
            ("Allow Terminate", "Terminate Allow"),
            ("PublishedVersions None", "PublishedVersions None"),
            // Seen.
            ("x86_64 arm64", "x86_64 arm64"),
            ("REGIONAL EDGE PRIVATE", "PRIVATE EDGE REGIONAL"),
            ("GT GE LT LE EQ NE", "LT EQ GT NE LE GE"),
            ("CRAWL_ID STATE START_TIME END_TIME DPU_HOUR", "START_TIME END_TIME STATE CRAWL_ID DPU_HOUR"),
            ("json plain w3c raw parquet", "w3c raw json plain parquet"),
            ("OFF ON OPTIONAL", "OPTIONAL OFF ON"),
        ] {
            let values: Vec<String> = model.split(' ').map(str::to_owned).collect();
            assert_eq!(as_listed(&values).join(" "), expected);
        }
    }
}
