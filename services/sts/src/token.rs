//! Session tokens: sealed, and opened again.
//!
//! ```text
//!   base64url( 1 │ length, 2 bytes │ JSON │ padding │ MAC, 32 bytes )
//!              │                                      HMAC-SHA256 over key id and all before it
//!              └ format
//! ```
//!
//! The MAC binds a token to its access key id; the secret is derived from the same.
//! The JSON is readable to whoever holds the token: there is no secret in it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use jiff::Timestamp;
use lanthorn_model::credentials::{AccessKeyId, Secret, SessionCredentials};
use serde::{Deserialize, Serialize};

use crate::master_key::MasterKey;
use crate::session::{Identity, InvalidToken, Limits, NewSession};

/// The longest token we issue or look at, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 8_192;

const FORMAT: u8 = 1;
const MAC_BYTES: usize = 32;

/// The session would not fit a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session's terms do not fit a token")]
pub(crate) struct TooLong;

/// What a token says. Short names: it travels with every request.
#[derive(Serialize, Deserialize)]
struct Payload {
    /// The account, of the root user's sessions.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The role's ARN and id, and the session's name.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    role: Option<(String, String, String)>,
    /// Seconds since 1970.
    #[serde(rename = "e")]
    expiration_s: i64,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    policy_arns: Vec<String>,
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    transitive_tag_keys: Vec<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

/// Credentials for `session` under the key id `id`, with a token of at least `size_min` bytes.
pub(crate) fn seal(
    key: &MasterKey,
    id: &AccessKeyId,
    session: &NewSession,
    size_min: usize,
) -> Result<SessionCredentials, TooLong> {
    let json = serde_json::to_vec(&Payload::of(session)).expect("a payload is plain data, which JSON can hold");
    let length = u16::try_from(json.len()).map_err(|_| TooLong)?;
    let mut body = vec![FORMAT];
    body.extend(length.to_be_bytes());
    body.extend(json);
    // Four characters carry three bytes; the MAC is among them.
    let padded = (size_min.min(TOKEN_BYTES_MAX) * 3).div_ceil(4).saturating_sub(MAC_BYTES);
    body.resize(body.len().max(padded), 0);
    let secret = key.secret_of(&[id.as_str().as_bytes(), &body]);
    let mac = key.token_mac(&[id.as_str().as_bytes(), &body]).finalize().into_bytes();
    body.extend(mac);
    let token = URL_SAFE_NO_PAD.encode(body);
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TooLong);
    }
    Ok(SessionCredentials {
        access_key_id: id.as_str().into(),
        secret_access_key: Secret::new(secret),
        session_token: Secret::new(token),
        expiration: session.expiration,
    })
}

/// What `token` says of the session under the key id `id`, and the session's secret.
pub(crate) fn open(key: &MasterKey, id: &str, token: &str) -> Result<(NewSession, Secret), InvalidToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(InvalidToken);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidToken)?;
    let (body, mac) = bytes.split_at_checked(bytes.len().wrapping_sub(MAC_BYTES)).ok_or(InvalidToken)?;
    key.token_mac(&[id.as_bytes(), body]).verify_slice(mac).map_err(|_| InvalidToken)?;
    let [FORMAT, high, low, rest @ ..] = body else { return Err(InvalidToken) };
    let json = rest.get(..usize::from(u16::from_be_bytes([*high, *low]))).ok_or(InvalidToken)?;
    let payload: Payload = serde_json::from_slice(json).map_err(|_| InvalidToken)?;
    Ok((payload.session().ok_or(InvalidToken)?, Secret::new(key.secret_of(&[id.as_bytes(), body]))))
}

impl Payload {
    fn of(session: &NewSession) -> Self {
        let (account, role) = match &session.of {
            Identity::Root(account) => (Some(account.to_string()), None),
            Identity::Role { arn, id, session_name } => {
                (None, Some((arn.to_string(), id.to_string(), session_name.to_string())))
            }
        };
        let limits = session.limits.clone();
        Self {
            account,
            role,
            expiration_s: session.expiration.as_second(),
            policy: limits.policy,
            policy_arns: limits.policy_arns,
            tags: limits.tags,
            transitive_tag_keys: limits.transitive_tag_keys,
            source_identity: limits.source_identity,
        }
    }

    fn session(self) -> Option<NewSession> {
        let of = match (self.account, self.role) {
            (Some(account), None) => Identity::Root(account.parse().ok()?),
            (None, Some((arn, id, name))) => {
                Identity::Role { arn: arn.parse().ok()?, id: id.into(), session_name: name.into() }
            }
            _ => return None,
        };
        let limits = Limits {
            policy: self.policy,
            policy_arns: self.policy_arns,
            tags: self.tags,
            transitive_tag_keys: self.transitive_tag_keys,
            source_identity: self.source_identity,
        };
        Some(NewSession { of, limits, expiration: Timestamp::from_second(self.expiration_s).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use lanthorn_model::credentials::KeyKind;
    use proptest::prelude::*;

    use super::*;

    fn session(limits: Limits) -> NewSession {
        let of = Identity::Role {
            arn: "arn:aws:iam::000000000000:role/service-role/worker".parse().unwrap(),
            id: "AROAEXAMPLEEXAMPLE123".into(),
            session_name: "hello".into(),
        };
        NewSession { of, limits, expiration: Timestamp::from_second(1_767_225_600).unwrap() }
    }

    fn id(random: [u8; 5]) -> AccessKeyId {
        AccessKeyId::mint(KeyKind::Temporary, &"000000000000".parse().unwrap(), random)
    }

    fn limits() -> impl Strategy<Value = Limits> {
        let policy = prop::option::of("\\PC{1,200}");
        let tags = prop::collection::btree_map("[a-z]{1,8}", "\\PC{0,20}", 0..5);
        (policy, tags, prop::option::of("[a-z]{2,8}")).prop_map(|(policy, tags, source_identity)| Limits {
            policy,
            policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
            transitive_tag_keys: tags.keys().take(1).cloned().collect(),
            tags,
            source_identity,
        })
    }

    proptest! {
        #[test]
        fn what_is_sealed_comes_out_again(limits in limits(), master: [u8; 32], random: [u8; 5], size in 0_usize..4096) {
            let (key, id) = (MasterKey::new(&master), id(random));
            let sealed = session(limits);
            let credentials = seal(&key, &id, &sealed, size).unwrap();
            prop_assert!(credentials.session_token.expose().len() >= size);
            prop_assert_eq!(credentials.secret_access_key.expose().len(), 40);
            let (opened, secret) = open(&key, id.as_str(), credentials.session_token.expose()).unwrap();
            prop_assert_eq!(secret, credentials.secret_access_key);
            prop_assert_eq!((opened.of, opened.limits, opened.expiration), (sealed.of, sealed.limits, sealed.expiration));
        }

        #[test]
        fn a_changed_token_is_none(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let (key, id) = (MasterKey::new(b"master"), id([1; 5]));
            let credentials = seal(&key, &id, &session(Limits::default()), 0).unwrap();
            let token = credentials.session_token.expose();
            let at = at.index(token.len());
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(open(&key, id.as_str(), &changed).is_ok(), changed == token);
        }

        #[test]
        fn no_text_panics(token in "\\PC{0,100}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let key = MasterKey::new(b"master");
            prop_assert!(open(&key, "ASIAEXAMPLEEXAMPLE00", &token).is_err());
            prop_assert!(open(&key, "ASIAEXAMPLEEXAMPLE00", &URL_SAFE_NO_PAD.encode(bytes)).is_err());
        }
    }

    #[test]
    fn a_token_belongs_to_one_key_id_and_one_master() {
        let key = MasterKey::new(b"master");
        let credentials = seal(&key, &id([1; 5]), &session(Limits::default()), 0).unwrap();
        let token = credentials.session_token.expose();
        assert!(open(&key, id([1; 5]).as_str(), token).is_ok());
        assert!(open(&key, id([2; 5]).as_str(), token).is_err());
        assert!(open(&MasterKey::new(b"other"), id([1; 5]).as_str(), token).is_err());
    }

    #[test]
    fn a_session_too_large_for_a_token_is_refused() {
        let limits = Limits { policy: Some("x".repeat(TOKEN_BYTES_MAX)), ..Limits::default() };
        let refused = seal(&MasterKey::new(b"master"), &id([1; 5]), &session(limits), 0).map(drop);
        assert_eq!(refused, Err(TooLong));
    }
}
