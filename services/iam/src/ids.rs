//! Fresh unique ids and secrets.

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The system has no random bytes to give.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoEntropy(#[from] getrandom::Error);

/// A unique id of 21 characters that begins with `prefix`, as `AROA` for a role.
///
/// Source: IAM user guide, "Unique identifiers".
pub(crate) fn unique(prefix: &str) -> Result<String, NoEntropy> {
    let mut random = [0; 17];
    getrandom::fill(&mut random)?;
    let tail = random.iter().map(|&byte| char::from(BASE32[usize::from(byte & 31)]));
    Ok(prefix.chars().chain(tail).collect())
}

/// A secret access key: 40 characters, 240 random bits.
pub(crate) fn secret_access_key() -> Result<String, NoEntropy> {
    let mut random = [0; 40];
    getrandom::fill(&mut random)?;
    Ok(random.iter().map(|&byte| char::from(BASE64[usize::from(byte & 63)])).collect())
}

/// Five random bytes, for an access key's id.
pub(crate) fn five_bytes() -> Result<[u8; 5], NoEntropy> {
    let mut random = [0; 5];
    getrandom::fill(&mut random)?;
    Ok(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let (one, other) = (unique("AROA").unwrap(), unique("AROA").unwrap());
        assert!(one.len() == 21 && one.starts_with("AROA") && one.bytes().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(one, other);
        assert_eq!(secret_access_key().unwrap().len(), 40);
    }
}
