//! What must hold for every set of policies.

use proptest::prelude::*;

use super::*;

/// A statement of a small world, where rules meet often: (effect, action, resource, condition).
fn statement() -> impl Strategy<Value = String> {
    let effect = prop_oneof![Just("Allow"), Just("Allow"), Just("Deny")];
    let action = prop_oneof![
        Just(r#""Action":"*""#),
        Just(r#""Action":"a:Get*""#),
        Just(r#""Action":["a:GetOne","b:Put"]"#),
        Just(r#""NotAction":"b:*""#),
    ];
    let resource = prop_oneof![
        Just(r#""Resource":"*""#),
        Just(r#""Resource":"arn:aws:a:::x/*""#),
        Just(r#""Resource":["arn:aws:a:::x/1","arn:aws:a:::y"]"#),
        Just(r#""NotResource":"arn:aws:a:::x/2""#),
    ];
    let condition = prop_oneof![
        Just(""),
        Just(r#","Condition":{"StringEquals":{"k:one":"1"}}"#),
        Just(r#","Condition":{"StringNotLike":{"k:one":"1*"}}"#),
        Just(r#","Condition":{"Null":{"k:one":"true"}}"#),
        Just(r#","Condition":{"ForAllValues:StringEquals":{"k:one":["1","2"]}}"#),
    ];
    (effect, action, resource, condition).prop_map(|(effect, action, resource, condition)| {
        format!(r#"{{"Effect":"{effect}",{action},{resource}{condition}}}"#)
    })
}

fn policy(statements: &[String]) -> Policy {
    inline(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")))
}

fn action() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a:GetOne"), Just("a:GetTwo"), Just("b:Put"), Just("c:Other")]
}

fn on() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("arn:aws:a:::x/1"), Just("arn:aws:a:::x/2"), Just("arn:aws:a:::y"), Just("*")]
}

fn context() -> impl Strategy<Value = Context> {
    prop_oneof![
        Just(Context::new()),
        Just(Context::new().with("k:one", "1")),
        Just(Context::new().with("k:one", "12")),
        Just(Context::new().with_all("k:one", vec!["1".to_owned(), "3".to_owned()])),
    ]
}

proptest! {
    #[test]
    fn a_matching_deny_wins(statements in prop::collection::vec(statement(), 0..6), action in action(), on in on(), context in context()) {
        let mut statements = statements;
        statements.push(r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#.to_owned());
        let decision = decide(&[&policy(&statements)], action, on, &context);
        prop_assert!(matches!(decision, Decision::DeniedExplicitly(_)));
    }

    #[test]
    fn another_deny_never_allows_more(
        statements in prop::collection::vec(statement(), 1..6), more in statement(),
        action in action(), on in on(), context in context(),
    ) {
        let before = decide(&[&policy(&statements)], action, on, &context);
        let deny = policy(&[more.replace("Allow", "Deny")]);
        let after = decide(&[&policy(&statements), &deny], action, on, &context);
        prop_assert!(before.is_allowed() || !after.is_allowed());
    }

    #[test]
    fn another_allow_never_denies_more(
        statements in prop::collection::vec(statement(), 1..6), more in statement(),
        action in action(), on in on(), context in context(),
    ) {
        let before = decide(&[&policy(&statements)], action, on, &context);
        let allow = policy(&[more.replace("Deny", "Allow")]);
        let after = decide(&[&policy(&statements), &allow], action, on, &context);
        prop_assert!(!before.is_allowed() || after.is_allowed());
    }

    #[test]
    fn order_and_grouping_are_irrelevant(
        statements in prop::collection::vec(statement(), 1..6), seed in any::<prop::sample::Index>(),
        action in action(), on in on(), context in context(),
    ) {
        let together = decide(&[&policy(&statements)], action, on, &context);
        let mut turned = statements.clone();
        turned.rotate_left(seed.index(statements.len()));
        turned.reverse();
        prop_assert_eq!(decide(&[&policy(&turned)], action, on, &context), together);
        let apart: Vec<Policy> = turned.iter().map(|one| policy(std::slice::from_ref(one))).collect();
        let apart: Vec<&Policy> = apart.iter().collect();
        prop_assert_eq!(decide(&apart, action, on, &context), together);
    }

    #[test]
    fn a_boundary_never_allows_more(
        statements in prop::collection::vec(statement(), 1..6), boundary in prop::collection::vec(statement(), 1..4),
        action in action(), on in on(), context in context(),
    ) {
        let principal = role_session();
        let request = Request::new(&principal, action, on, &context);
        let (policy, boundary) = (policy(&statements), policy(&boundary));
        let without = decide_request(&request, &[&policy], None);
        let within = decide_request(&request, &[&policy], Some(&boundary));
        prop_assert!(without.is_allowed() || !within.is_allowed());
    }

    #[test]
    fn a_star_pattern_agrees_with_the_slow_way(pattern in "[ab*?]{0,8}", subject in "[ab]{0,8}") {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*",
            "Condition":{{"StringLike":{{"k:one":"{pattern}"}}}}}}}}"#);
        let context = Context::new().with("k:one", subject.clone());
        let fast = decide(&[&inline(&text)], "a:Get", "*", &context).is_allowed();
        prop_assert_eq!(fast, slow(pattern.as_bytes(), subject.as_bytes()));
    }

    #[test]
    fn no_text_panics_the_parser(text in "\\PC{0,200}") {
        let _ = Policy::parse(&text, Kind::Trust);
        let _ = Policy::parse(&text, Kind::Managed);
        let _ = Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#), Kind::Resource);
    }
}

/// The definition of a glob, by recursion.
fn slow(pattern: &[u8], subject: &[u8]) -> bool {
    match (pattern, subject) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => slow(rest, subject) || (!subject.is_empty() && slow(pattern, &subject[1..])),
        ([b'?', rest @ ..], [_, tail @ ..]) => slow(rest, tail),
        ([c, rest @ ..], [d, tail @ ..]) if c == d => slow(rest, tail),
        _ => false,
    }
}
