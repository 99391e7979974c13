//! What an operation needs, read out of a request before anything is looked up.

use std::borrow::Cow;

use lanthorn_model::arn::{AccountId, Region};
use lanthorn_wire::request::Request;
use lanthorn_wire::service::OperationModel;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// A recognised request, and where it takes place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'r> {
    pub(crate) operation: &'static OperationModel,
    pub(crate) request: &'r Request,
    pub(crate) account: &'r AccountId,
    pub(crate) region: &'r Region,
}

/// One thing the caller must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    /// As `lambda:InvokeFunction`.
    pub(crate) action: Cow<'static, str>,
    /// An ARN, or `*`.
    pub(crate) resource: String,
    /// How a refusal names the resource, where AWS does not say the ARN.
    pub(crate) shown: Option<String>,
    /// What conditions may ask about beside what every request tells.
    pub(crate) given: Option<(&'static str, &'static str)>,
}

/// The body cannot be read the one way that everyone reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

impl Permission {
    pub(crate) fn new(action: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), shown: None, given: None }
    }

    pub(crate) fn given(self, key: &'static str, value: &'static str) -> Self {
        Self { given: Some((key, value)), ..self }
    }

    pub(crate) fn shown_as(self, shown: String) -> Self {
        Self { shown: Some(shown), ..self }
    }
}

impl<'r> Ask<'r> {
    /// The ARN of `resource`, of `service`, where the request takes place.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// What the path says at `label`; empty if nothing.
    pub(crate) fn label(&self, label: &str) -> Cow<'r, str> {
        self.operation.label(self.request.path(), label).unwrap_or_default()
    }

    /// The first value of `key` in the query string, as decoding takes it too.
    pub(crate) fn query(&self, key: &str) -> Option<Cow<'r, str>> {
        first(self.request.query().as_bytes(), key)
    }

    /// The first value of `key` in the query string, else in the form.
    pub(crate) fn form(&self, key: &str) -> Option<Cow<'r, str>> {
        self.query(key).or_else(|| first(&self.request.body, key))
    }

    /// The texts under `keys` in the JSON object that is the body.
    ///
    /// # Errors
    /// [`Unclear`] if the body is no object, or says one of them twice: what we read
    /// here must be what the operation will act on.
    pub(crate) fn body_texts<const N: usize>(&self, keys: [&str; N]) -> Result<[Option<String>; N], Unclear> {
        if self.request.body.is_empty() {
            return Ok([const { None }; N]);
        }
        let mut body = serde_json::Deserializer::from_slice(&self.request.body);
        body.deserialize_map(Members { keys }).map_err(|_| Unclear)
    }
}

fn first<'t>(text: &'t [u8], key: &str) -> Option<Cow<'t, str>> {
    form_urlencoded::parse(text).find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Walks an object once for some of its members and skips the rest, however large.
struct Members<'k, const N: usize> {
    keys: [&'k str; N],
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<String>; N];

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = [const { None }; N];
        let mut seen = [false; N];
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            let Some(place) = self.keys.iter().position(|key| *key == name) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut seen[place], true) {
                return Err(serde::de::Error::custom("a member stands twice"));
            }
            found[place] = members.next_value::<Option<String>>()?;
        }
        Ok(found)
    }
}
