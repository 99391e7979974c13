//! The register of code packages: every blob that may hold a function's code.
//!
//! ```text
//! partition  code/{sha256}
//! document   package       when somebody last meant to use it; whether it is being removed
//! ```
//!
//! A package is written here *before* its blob is stored, and leaves only after the
//! blob was deleted, so nothing can be stored that is not found again. It is *not* a
//! reference count: whether a package is in use is told by the function records alone.

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::function::Sha256;
use serde::{Deserialize, Serialize};

use crate::documents::{Document, Key};

/// Every package's partition begins with this.
pub const PARTITION_PREFIX: &str = "code/";

/// The document's name in the package's partition.
pub const PACKAGE: &str = "package";

/// A package as it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// When a function was last about to take it on, or to let go of it. To the millisecond.
    pub touched_at: Timestamp,
    /// Whether its blob is being deleted: then nobody may take it on until it is gone.
    pub removing: bool,
}

/// The document is not a package's register.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a readable register of a code package", key.partition)]
pub struct DecodeError {
    /// Which document.
    pub key: Key,
    /// What the parser said, if it came that far.
    #[source]
    pub source: Option<serde_json::Error>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Milliseconds since 1970.
    touched_at_ms: i64,
    #[serde(default)]
    removing: bool,
}

/// The partition of a package.
#[must_use]
pub fn partition(sha256: &Sha256) -> String {
    format!("{PARTITION_PREFIX}{sha256}")
}

/// Where a package is registered.
#[must_use]
pub fn key(sha256: &Sha256) -> Key {
    Key { partition: partition(sha256), name: PACKAGE.to_owned() }
}

/// The package that `document` registers.
///
/// # Errors
/// [`DecodeError`] if the document is something else.
pub fn read(document: &Document) -> Result<(Sha256, Package), DecodeError> {
    let refuse = |source| DecodeError { key: document.key.clone(), source };
    let name = document.key.partition.strip_prefix(PARTITION_PREFIX).filter(|_| document.key.name == PACKAGE);
    let sha256 = name.and_then(|name| name.parse().ok()).ok_or_else(|| refuse(None))?;
    let stored: Stored = serde_json::from_slice(&document.bytes).map_err(|source| refuse(Some(source)))?;
    let touched_at = Timestamp::from_millisecond(stored.touched_at_ms).map_err(|_| refuse(None))?;
    Ok((sha256, Package { touched_at, removing: stored.removing }))
}

/// The bytes that keep `package`.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "numbers are always JSON")]
pub fn write(package: &Package) -> Bytes {
    let stored = Stored { touched_at_ms: package.touched_at.as_millisecond(), removing: package.removing };
    serde_json::to_vec(&stored).expect("always JSON").into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::Revision;

    proptest! {
        #[test]
        fn a_package_survives_its_bytes(digest in any::<[u8; 32]>(), at in 0i64..4_000_000_000_000, removing in any::<bool>()) {
            let sha256 = Sha256::new(digest);
            let package = Package { touched_at: Timestamp::from_millisecond(at).expect("in range"), removing };
            let document = Document { key: key(&sha256), revision: Revision(1), bytes: write(&package) };
            prop_assert_eq!(read(&document).expect("just written"), (sha256, package));
        }
    }

    #[test]
    fn another_document_is_not_a_package() {
        let document = Document {
            key: Key { partition: "code/short".to_owned(), name: PACKAGE.to_owned() },
            revision: Revision(1),
            bytes: Bytes::from_static(b"{\"touched_at_ms\":0}"),
        };
        assert!(read(&document).is_err());
    }
}
