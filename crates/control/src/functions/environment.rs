//! A function's environment variables: how many bytes, and which names are Lambda's own.

use std::collections::BTreeMap;

use lanthorn_model::limits::ENVIRONMENT_BYTES_MAX;

/// Names Lambda sets itself. Those that begin with `_` are refused by the shape of names already.
/// Source: the developer guide's list of defined runtime environment variables.
const RESERVED: [&str; 16] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Why environment variables were refused.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentRefused {
    /// As JSON they are longer than 4 KB.
    #[error("the environment variables are larger than {ENVIRONMENT_BYTES_MAX} bytes")]
    TooLarge {
        /// The JSON that was measured; for the caller alone, since it holds the values.
        measured: String,
    },
    /// Some names are Lambda's own.
    #[error("the environment variables use reserved names: {}", .0.join(", "))]
    Reserved(Vec<String>),
}

/// Never the values: they may be secrets.
impl std::fmt::Debug for EnvironmentRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Checks the variables an owner wants to set.
///
/// # Errors
/// [`EnvironmentRefused`].
pub(super) fn check(variables: &BTreeMap<String, String>) -> Result<(), EnvironmentRefused> {
    let reserved: Vec<String> = variables.keys().filter(|name| RESERVED.contains(&name.as_str())).cloned().collect();
    if !reserved.is_empty() {
        return Err(EnvironmentRefused::Reserved(reserved));
    }
    let measured = json(variables);
    if measured.len() > ENVIRONMENT_BYTES_MAX {
        return Err(EnvironmentRefused::TooLarge { measured });
    }
    Ok(())
}

/// The variables as AWS measures and shows them.
fn json(variables: &BTreeMap<String, String>) -> String {
    let mut names: Vec<&String> = variables.keys().collect();
    names.sort_by_key(|name| bucket(name, variables.len()));
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let members: Vec<String> =
        names.into_iter().map(|name| format!("{}:{}", quote(name), quote(&variables[name]))).collect();
    format!("{{{}}}", members.join(","))
}

/// Where a Java `HashMap` of `entries` entries keeps `name`: AWS shows the variables in that order (recorded:
/// `{"SMALL_VAR":"ok","LARGE_VAR":"xxx…` is not alphabetical). The order the caller wrote would explain the
/// recording as well, but is lost by the time we are here.
fn bucket(name: &str, entries: usize) -> u32 {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    let mut buckets = 16;
    while entries > buckets / 4 * 3 {
        buckets *= 2;
    }
    (hash ^ (hash >> 16)) & (u32::try_from(buckets).unwrap_or(u32::MAX) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[track_caller]
    fn check_refused(pairs: &[(&str, &str)], expected: Result<(), EnvironmentRefused>) {
        assert_eq!(check(&variables(pairs)), expected);
    }

    #[test]
    fn four_kilobytes_of_json_are_the_limit() {
        // Recorded: a text of 4097 bytes is refused and shown in this order.
        let large = "x".repeat(4064);
        let measured = format!(r#"{{"SMALL_VAR":"ok","LARGE_VAR":"{large}"}}"#);
        assert_eq!(measured.len(), 4097);
        check_refused(&[("SMALL_VAR", "ok"), ("LARGE_VAR", &large)], Err(EnvironmentRefused::TooLarge { measured }));
        // Recorded: key and value of 4089 bytes together are taken.
        check_refused(&[("LARGE_VAR", &"x".repeat(4089 - "LARGE_VAR".len()))], Ok(()));
        check_refused(&[("SMALL_VAR", "ok"), ("LARGE_VAR", &large[1..])], Ok(()));
        check_refused(&[], Ok(()));
    }

    #[test]
    fn lambdas_own_names_are_refused_together() {
        let refused = EnvironmentRefused::Reserved(vec!["AWS_REGION".to_owned(), "LAMBDA_TASK_ROOT".to_owned()]);
        check_refused(&[("LAMBDA_TASK_ROOT", "/"), ("A", "b"), ("AWS_REGION", "mars-1")], Err(refused));
        check_refused(&[("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap")], Ok(()));
    }

    #[test]
    fn a_refusal_never_shows_values_in_a_log() {
        let secret = "s3cret".repeat(1000);
        let refused = check(&variables(&[("TOKEN", &secret)])).expect_err("too large");
        assert!(!format!("{refused:?} {refused}").contains("s3cret"));
    }
}
