//! Names and ARNs as callers spell them.
//!
//! Whatever parses is printed as a text that parses to the same.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use lanthorn_model::arn::{
    AccountId, AliasName, FunctionName, FunctionRef, Qualifier, Region, RoleArn, Version, VersionNumber,
};
use lanthorn_model::credentials::AccessKeyId;
use lanthorn_model::function::Sha256;
use lanthorn_model::runtime::Runtime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    round_trip::<AccountId>(text);
    round_trip::<AliasName>(text);
    round_trip::<FunctionName>(text);
    round_trip::<Qualifier>(text);
    round_trip::<Region>(text);
    round_trip::<Version>(text);
    round_trip::<VersionNumber>(text);
    round_trip::<Sha256>(text);
    if let Some(role) = round_trip::<RoleArn>(text) {
        assert!(!role.name().is_empty() && !role.name().contains('/') && text.ends_with(role.name()));
    }
    if let Some(key) = round_trip::<AccessKeyId>(text) {
        let _ = (key.account(), key.is_temporary());
    }
    if let Some(runtime) = round_trip::<Runtime>(text) {
        let region: Region = "us-east-1".parse().expect("a region");
        assert!(text.contains(runtime.version()) && !runtime.version_arn(&region).is_empty());
    }
    if let Ok(reference) = text.parse::<FunctionRef>() {
        assert_eq!(spelled(&reference).parse::<FunctionRef>().as_ref(), Ok(&reference), "for {text:?}");
    }
});

fn round_trip<T: FromStr + Display + Debug + PartialEq>(text: &str) -> Option<T> {
    let parsed: T = text.parse().ok()?;
    let again = parsed.to_string().parse::<T>().ok();
    assert_eq!(again.as_ref(), Some(&parsed), "for {text:?}");
    Some(parsed)
}

/// The shortest spelling that cannot be taken for another.
fn spelled(reference: &FunctionRef) -> String {
    let FunctionRef { region, account, name, qualifier } = reference;
    let mut text = match (region, account) {
        (Some(region), Some(account)) => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        (_, Some(account)) => format!("{account}:function:{name}"),
        (_, None) => format!("function:{name}"),
    };
    if let Some(qualifier) = qualifier {
        text.push_str(&format!(":{qualifier}"));
    }
    text
}
