//! The root user's access key, as it is kept. The secret is kept as it is: a
//! signature can only be checked by one who has it.

use bytes::Bytes;
use lanthorn_model::credentials::{AccessKeyId, Secret};
use serde::{Deserialize, Serialize};

use super::{DecodeError, FORMAT, check_format, encode};
use crate::access_keys::RootAccessKey;

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    id: String,
    secret: String,
}

pub(crate) fn to_bytes(key: &RootAccessKey) -> Bytes {
    encode(&Stored { format: FORMAT, id: key.id.to_string(), secret: key.secret.expose().to_owned() })
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<RootAccessKey, DecodeError> {
    let stored: Stored = serde_json::from_slice(bytes)?;
    check_format(stored.format)?;
    Ok(RootAccessKey { id: stored.id.parse::<AccessKeyId>()?, secret: Secret::new(stored.secret) })
}
