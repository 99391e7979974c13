//! Lambda's runtime identifiers, and what of the sandbox depends on them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::arn::{Malformed, Region};

/// A runtime identifier such as `python3.12` or `provided.al2023`.
///
/// Any identifier of the API's enumeration parses (the wire's constraints
/// refuse others first); whether this host can run it is another question.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Runtime {
    family: Family,
    text: Box<str>,
}

/// The language a runtime speaks, which decides its bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `python3.x`.
    Python,
    /// `nodejsXX.x`.
    NodeJs,
    /// `javaXX`.
    Java,
    /// `ruby3.x`.
    Ruby,
    /// `dotnetX`.
    DotNet,
    /// `go1.x`.
    Go,
    /// `provided`, `provided.al2`, `provided.al2023`: the function brings its own.
    Provided,
}

impl Runtime {
    /// The language.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The identifier as AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The ARN that names this build of the runtime, as `RuntimeVersionConfig` and the log's `INIT_START` line
    /// tell it: one per runtime, the same in every answer (recorded: 64 hexadecimal digits after `runtime:`).
    #[must_use]
    pub fn version_arn(&self, region: &Region) -> String {
        let build = Sha256::digest(format!("lanthorn runtime {}", self.text));
        let hex: String = build.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("arn:aws:lambda:{region}::runtime:{hex}")
    }

    /// The language's version as written: `3.12` of `python3.12`, `20` of `nodejs20.x`.
    #[must_use]
    pub fn version(&self) -> &str {
        let digits = self.text.trim_start_matches(|c: char| c.is_ascii_lowercase());
        digits.trim_end_matches(".x")
    }
}

impl FromStr for Runtime {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let family = [
            ("python", Family::Python),
            ("nodejs", Family::NodeJs),
            ("java", Family::Java),
            ("ruby", Family::Ruby),
            ("dotnet", Family::DotNet),
            ("go", Family::Go),
            ("provided", Family::Provided),
        ]
        .into_iter()
        .find(|(prefix, _)| text.starts_with(prefix));
        match family {
            Some((_, family)) => Ok(Self { family, text: text.into() }),
            None => Err(Malformed::new("runtime", text)),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_names_its_language_and_version() {
        let check = |text: &str, family: Family, version: &str| {
            let runtime: Runtime = text.parse().expect("known");
            assert_eq!((runtime.family(), runtime.version()), (family, version), "for {text}");
        };
        check("python3.12", Family::Python, "3.12");
        check("nodejs20.x", Family::NodeJs, "20");
        check("java21", Family::Java, "21");
        check("provided.al2023", Family::Provided, ".al2023");
        assert!("cobol85".parse::<Runtime>().is_err());
    }

    #[test]
    fn a_build_has_one_arn() {
        let region: Region = "us-east-1".parse().expect("a region");
        let arn = |text: &str| text.parse::<Runtime>().expect("known").version_arn(&region);
        let build = arn("python3.12");
        let hex = build.strip_prefix("arn:aws:lambda:us-east-1::runtime:").expect("a runtime's ARN");
        assert!(hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(build, arn("python3.12"));
        assert_ne!(build, arn("python3.13"));
    }
}
