//! From the model's names to Rust's.

/// Acronyms whose capitals do not say where words end.
const SPELLINGS: &[(&str, &str)] =
    &[("ARNs", "Arns"), ("IDs", "Ids"), ("GiB", "Gib"), ("VCpu", "Vcpu"), ("OAuth", "Oauth"), ("VPCs", "Vpcs")];

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The words of a name in lower case, joined by `_`: `KMSKeyArn` becomes `kms_key_arn`.
pub(super) fn snake(name: &str) -> String {
    let mut name = name.to_owned();
    for (written, read) in SPELLINGS {
        name = name.replace(written, read);
    }
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts {
            words.push('_');
        }
        match letter {
            '-' | '.' | ':' => words.push('_'),
            _ => words.push(letter.to_ascii_lowercase()),
        }
    }
    words
}

/// A field's name: [`snake`], with `_` after a keyword.
pub(super) fn field(name: &str) -> String {
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str()) { name + "_" } else { name }
}

/// A constant's name.
pub(super) fn constant(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// A type's name: the model's, beginning with a capital.
pub(super) fn type_(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{constant, field, type_};

    #[test]
    fn fields_are_words() {
        for (name, expected) in [
            ("FunctionName", "function_name"),
            ("KMSKeyArn", "kms_key_arn"),
            ("CodeSha256", "code_sha256"),
            ("CodeSHA256", "code_sha256"),
            ("S3Bucket", "s3_bucket"),
            ("Type", "type_"),
            ("logGroupName", "log_group_name"),
            ("PolicyARNs", "policy_arns"),
            ("ExecutionEnvironmentMemoryGiBPerVCpu", "execution_environment_memory_gib_per_vcpu"),
            ("Ipv6AllowedForDualStack", "ipv6_allowed_for_dual_stack"),
        ] {
            assert_eq!(field(name), expected);
        }
    }

    #[test]
    fn constants_shout() {
        assert_eq!(constant("EC2AccessDenied"), "EC2_ACCESS_DENIED");
        assert_eq!(constant("ENILimitReached"), "ENI_LIMIT_REACHED");
    }

    #[test]
    fn types_begin_with_a_capital() {
        assert_eq!(type_("roleDetailType"), "RoleDetailType");
    }
}
