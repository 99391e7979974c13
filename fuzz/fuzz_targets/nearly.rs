//! Requests that are nearly what an operation takes: what its model says, with slips.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue, Uri};
use lanthorn_wire::request::Request;
use lanthorn_wire::schema::{Kind, Location, Schema};
use lanthorn_wire::service::{OperationModel, Protocol, Segment};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// Structures within structures; deeper, nothing is said.
const DEPTH_MAX: usize = 6;

/// Text that means something somewhere.
const WORDS: [&str; 10] = [
    "hello",
    "$LATEST",
    "1",
    "python3.12",
    "index.handler",
    "arn:aws:iam::000000000000:role/service-role/worker",
    "arn:aws:lambda:us-east-1:000000000000:function:hello:live",
    "/aws/lambda/hello",
    "/",
    "{}",
];

/// A request of `operation`; none if what was made up cannot be sent.
pub(crate) fn request(operation: &'static OperationModel, u: &mut Unstructured<'_>) -> Result<Option<Request>> {
    let mut target = String::new();
    for segment in operation.path {
        let text = match segment {
            Segment::Literal(literal) => (*literal).to_owned(),
            Segment::Label(_) | Segment::Greedy(_) => word(u)?.replace('/', "%2F"),
        };
        write!(target, "/{text}").expect("text grows");
    }
    if target.is_empty() {
        target.push('/');
    }
    let mut body = String::new();
    if let Some(schema) = operation.input {
        match operation.service.protocol {
            Protocol::Query { .. } => {
                write!(body, "Action={}&Version={}", operation.name, operation.service.version).expect("text grows");
                form(schema, "", 0, u, &mut body)?;
            }
            Protocol::RestJson | Protocol::AwsJson { .. } => json(schema, 0, u, &mut body)?,
        }
        target.push('?');
        for member in schema.members().iter().filter(|member| member.location == Location::Query) {
            if u.arbitrary()? {
                write!(target, "{}={}&", member.wire, word(u)?).expect("text grows");
            }
        }
    }
    let mut headers = HeaderMap::new();
    let (Ok(uri), Ok(name)) =
        (target.parse::<Uri>(), HeaderValue::from_str(&format!("Logs_20140328.{}", operation.name)))
    else {
        return Ok(None);
    };
    headers.insert("x-amz-target", name);
    Ok(Some(Request { method: operation.method.clone(), uri, headers, body: body.into() }))
}

fn json(schema: &'static Schema, depth: usize, u: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    if depth > DEPTH_MAX || u.ratio(1, 24)? {
        out.push_str(u.choose(&[
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "-1",
            "1e400",
            "0.5",
            "[{}]",
            "9223372036854775808",
        ])?);
        return Ok(());
    }
    match &schema.kind {
        Kind::Structure(members) => {
            out.push('{');
            for member in *members {
                if member.required || u.ratio(1, 3)? {
                    write!(out, "\"{}\":", member.wire).expect("text grows");
                    json(member.schema, depth + 1, u, out)?;
                    out.push(',');
                }
            }
            close(out, '}');
        }
        Kind::List(elements) => {
            out.push('[');
            for _ in 0..u.int_in_range(0..=3)? {
                json(elements.schema, depth + 1, u, out)?;
                out.push(',');
            }
            close(out, ']');
        }
        Kind::Map(entries) => {
            out.push('{');
            for _ in 0..u.int_in_range(0..=3)? {
                write!(out, "{:?}:", word(u)?).expect("text grows");
                json(entries.value, depth + 1, u, out)?;
                out.push(',');
            }
            close(out, '}');
        }
        _ => write!(out, "{}", scalar(schema, u, |text| format!("{text:?}"))?).expect("text grows"),
    }
    Ok(())
}

/// `bracket` in the place of the last comma, or behind an opening one.
fn close(out: &mut String, bracket: char) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push(bracket);
}

fn form(schema: &'static Schema, at: &str, depth: usize, u: &mut Unstructured<'_>, out: &mut String) -> Result<()> {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match &schema.kind {
        _ if depth > DEPTH_MAX => {}
        Kind::Structure(members) => {
            for member in *members {
                if member.required || u.ratio(1, 3)? {
                    form(member.schema, &below(member.wire), depth + 1, u, out)?;
                }
            }
        }
        Kind::List(elements) => {
            for number in 1..=u.int_in_range(0..=3)? {
                form(elements.schema, &below(&format!("{}.{number}", elements.wire)), depth + 1, u, out)?;
            }
        }
        Kind::Map(entries) => {
            for number in 1..=u.int_in_range(0..=3)? {
                let entry = below(&format!("entry.{number}"));
                form(entries.key, &format!("{entry}.{}", entries.key_wire), depth + 1, u, out)?;
                form(entries.value, &format!("{entry}.{}", entries.value_wire), depth + 1, u, out)?;
            }
        }
        _ => write!(out, "&{at}={}", scalar(schema, u, str::to_owned)?).expect("text grows"),
    }
    Ok(())
}

fn scalar(schema: &'static Schema, u: &mut Unstructured<'_>, quoted: impl Fn(&str) -> String) -> Result<String> {
    Ok(match schema.kind {
        Kind::Boolean => u.arbitrary::<bool>()?.to_string(),
        Kind::Integer | Kind::Long => match u.ratio(1, 8)? {
            true => u.arbitrary::<i64>()?.to_string(),
            false => u
                .int_in_range(schema.min.unwrap_or(0)..=schema.max.unwrap_or(100).max(schema.min.unwrap_or(0)))?
                .to_string(),
        },
        Kind::Double => u.arbitrary::<f32>()?.to_string(),
        Kind::Timestamp(_) => match u.arbitrary()? {
            true => u.arbitrary::<i64>()?.to_string(),
            false => quoted("2026-11-21T20:15:41Z"),
        },
        Kind::Blob => quoted(u.choose(&["UEsFBgAAAAA=", "", "%%%", "e30"])?),
        _ if !schema.values.is_empty() && !u.ratio(1, 8)? => quoted(u.choose(schema.values)?),
        _ => quoted(word(u)?),
    })
}

fn word<'u>(u: &mut Unstructured<'u>) -> Result<&'u str> {
    if u.ratio(1, 4)? { u.arbitrary() } else { u.choose(&WORDS).copied() }
}
