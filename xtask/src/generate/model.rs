//! A service model as botocore ships it: `service-2.json`, as far as the wire needs it.
//!
//! Documentation is not read at all. Members keep their order, which is the
//! order of AWS's refusals, so maps are read as lists of pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::marker::PhantomData;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) metadata: Metadata,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) api_version: String,
    pub(super) protocol: String,
    pub(super) json_version: Option<String>,
    pub(super) target_prefix: Option<String>,
    pub(super) xml_namespace: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) http: Http,
    pub(super) input: Option<Reference>,
    pub(super) output: Option<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) request_uri: String,
    #[serde(default = "ok")]
    pub(super) response_code: u16,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) shape: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    pub(super) shape: String,
    pub(super) result_wrapper: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: Ordered<Member>,
    #[serde(default)]
    pub(super) required: BTreeSet<String>,
    pub(super) member: Option<Member>,
    pub(super) key: Option<Member>,
    pub(super) value: Option<Member>,
    #[serde(default)]
    pub(super) flattened: bool,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) sensitive: bool,
    pub(super) timestamp_format: Option<String>,
    pub(super) payload: Option<String>,
    #[serde(default)]
    pub(super) eventstream: bool,
    #[serde(default)]
    pub(super) exception: bool,
    #[serde(default)]
    pub(super) fault: bool,
    pub(super) error: Option<ErrorTrait>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    pub(super) shape: String,
    pub(super) location: Option<String>,
    pub(super) location_name: Option<String>,
    pub(super) timestamp_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorTrait {
    pub(super) code: Option<String>,
    pub(super) http_status_code: Option<u16>,
}

impl Model {
    /// Reads `service-2.json.gz` in `directory`.
    pub(super) fn read(directory: &Path) -> Result<Self> {
        let path = directory.join("service-2.json.gz");
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The shape called `name`.
    pub(super) fn shape(&self, name: &str) -> Result<&Shape> {
        self.shapes.get(name).with_context(|| format!("the model has no shape `{name}`"))
    }

    /// The names of the shapes that inputs and outputs reach; not those of event streams, nor of errors.
    pub(super) fn reachable(&self) -> Result<BTreeSet<&str>> {
        let mut found = BTreeSet::new();
        let inputs =
            self.operations.values().filter_map(|operation| operation.input.as_ref().map(|input| &input.shape));
        let outputs = self.operations.values().filter_map(|operation| operation.output.as_ref().map(|it| &it.shape));
        let mut pending: Vec<&String> = inputs.chain(outputs).collect();
        while let Some(name) = pending.pop() {
            let shape = self.shape(name)?;
            if !shape.eventstream && found.insert(name.as_str()) {
                pending.extend(shape.members.0.iter().map(|(_, member)| &member.shape));
                let inner = [&shape.member, &shape.key, &shape.value];
                pending.extend(inner.into_iter().flatten().map(|member| &member.shape));
            }
        }
        Ok(found)
    }

    /// The members of a structure that are carried in messages: all but event streams.
    pub(super) fn members<'a>(&'a self, shape: &'a Shape) -> impl Iterator<Item = (&'a str, &'a Member)> {
        let streams = |member: &Member| self.shapes.get(&member.shape).is_some_and(|shape| shape.eventstream);
        let members = shape.members.0.iter().filter(move |(_, member)| !streams(member));
        members.map(|(name, member)| (name.as_str(), member))
    }

    /// Whether a structure carries an event stream.
    pub(super) fn streams_events(&self, shape: &Shape) -> bool {
        self.members(shape).count() < shape.members.0.len()
    }
}

/// A JSON object in the order it was written.
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Ordered<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = access.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Ordered(pairs))
            }
        }

        deserializer.deserialize_map(Pairs(PhantomData))
    }
}
