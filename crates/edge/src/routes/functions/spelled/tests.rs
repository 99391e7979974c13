//! Spellings of functions: which parts they have, and where they lead.

use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use proptest::prelude::*;

use super::*;

fn context() -> Context {
    let account: AccountId = "000000000000".parse().expect("an account");
    Context {
        request_id: RequestId::random(),
        principal: Principal::Root { account: account.clone() },
        session: None,
        source_ip: None,
        access_key_id: None,
        account,
        region: "us-east-1".parse().expect("a region"),
        base_url: "http://127.0.0.1:4566".into(),
        trace: None,
    }
}

#[track_caller]
fn check_parts(text: &str, expected: [Option<&str>; 4]) {
    let Parts { region, account, name, qualifier } = Parts::of(text);
    assert_eq!([region, account, Some(name), qualifier], expected, "for {text}");
}

#[test]
fn every_spelling_has_a_name() {
    let (region, account) = (Some("us-east-1"), Some("000000000000"));
    check_parts("f", [None, None, Some("f"), None]);
    check_parts("f:1", [None, None, Some("f"), Some("1")]);
    check_parts("function:f:live", [None, None, Some("f"), Some("live")]);
    check_parts("000000000000:function:f", [None, account, Some("f"), None]);
    check_parts(
        "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        [region, account, Some("f"), Some("$LATEST")],
    );
    // Recorded: `incomplete_arn`; the pattern leaves the last part for the name.
    check_parts("arn:aws:lambda:us-east-1:000000000000:function", [region, account, Some("function"), None]);
    check_parts("000000000000", [None, None, Some("000000000000"), None]);
    check_parts("function", [None, None, Some("function"), None]);
}

#[track_caller]
fn check(text: &str, qualifier: Option<&str>, expected: Result<(&str, Option<&str>), (u16, &str)>) {
    let named = Spelled::read(&context(), text, qualifier).and_then(Spelled::named);
    let said = named
        .map(|named| (named.id.name.to_string(), named.qualifier.map(|qualifier| qualifier.to_string())))
        .map_err(|fault| (fault.status.as_u16(), fault.message));
    let expected = expected
        .map(|(name, qualifier)| (name.to_owned(), qualifier.map(str::to_owned)))
        .map_err(|(status, message)| (status, message.to_owned()));
    assert_eq!(said, expected, "for {text} with {qualifier:?}");
}

const MISMATCH: (u16, &str) =
    (400, "The derived qualifier from the function name does not match the specified qualifier.");

#[test]
fn name_and_parameter_agree_on_the_qualifier() {
    check("f", Some("1"), Ok(("f", Some("1"))));
    check("f:1", None, Ok(("f", Some("1"))));
    check("f:1", Some("1"), Ok(("f", Some("1"))));
    check("f:1", Some("$LATEST"), Err(MISMATCH));
    check("f:$LATEST", Some("1"), Err(MISMATCH));
}

#[test]
fn a_function_is_where_the_call_is() {
    check("arn:aws:lambda:us-east-1:000000000000:function:f", None, Ok(("f", None)));
    check(
        "arn:aws:lambda:ap-southeast-1:000000000000:function:f",
        None,
        Err((404, "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')")),
    );
    check("arn:aws:lambda:us-east-1:123456789012:function:f", None, Err((403, "")));
    check("123456789012:function:f", None, Err((403, "")));
}

#[test]
fn what_can_be_no_function_is_not_found() {
    let found = |tail: &str| format!("Function not found: arn:aws:lambda:us-east-1:000000000000:function:{tail}");
    let long = "a".repeat(65);
    check(&long, None, Err((404, &found(&long))));
    check("f", Some("$latest"), Err((404, &found("f:$latest"))));
    check("f.g", None, Err((404, &found("f.g"))));
}

#[test]
fn a_new_function_has_a_short_name_and_no_qualifier() {
    let new = |text: &str| Spelled::read(&context(), text, None).and_then(Spelled::new_function);
    assert_eq!(new("000000000000:function:f").map(|id| id.name.to_string()), Ok("f".to_owned()));
    let refused = new(&"a".repeat(65)).expect_err("too long");
    assert_eq!((refused.code.as_str(), refused.status.as_u16()), ("InvalidParameterValueException", 400));
    assert!(refused.message.ends_with("Member must have length less than or equal to 64"));
    assert_eq!(new("f:1").expect_err("qualified").status.as_u16(), 400);
}

#[test]
fn only_latest_can_be_changed() {
    let latest = |text: &str| Spelled::read(&context(), text, None).and_then(Spelled::latest);
    assert_eq!(latest("f").map(|(_, qualifier)| qualifier), Ok(None));
    assert_eq!(latest("f:$LATEST").map(|(_, qualifier)| qualifier), Ok(Some(Qualifier::Latest)));
    assert_eq!(latest("f:1").expect_err("a version").status.as_u16(), 404);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(arn|aws|lambda|function|us-east-1|000000000000|[a-z.$]{1,8}|)(:(function|us-east-1|000000000000|[a-z.$]{0,8})){0,9}") {
        let _ = Spelled::read(&context(), &text, None).and_then(Spelled::named);
    }

    #[test]
    fn all_spellings_lead_to_the_same_function(name in "[a-zA-Z0-9_-]{1,64}", qualifier in proptest::option::of("[a-z]{1,9}")) {
        let tail = qualifier.as_ref().map_or(name.clone(), |qualifier| format!("{name}:{qualifier}"));
        let spellings = [
            format!("function:{tail}"),
            format!("000000000000:function:{tail}"),
            format!("arn:aws:lambda:us-east-1:000000000000:function:{tail}"),
        ];
        for spelling in spellings {
            let named = Spelled::read(&context(), &spelling, None).and_then(Spelled::named).expect("a function's");
            prop_assert_eq!(named.id.name.as_str(), &name);
            prop_assert_eq!(named.qualifier.map(|qualifier| qualifier.to_string()), qualifier.clone());
        }
    }
}
