//! Policies: any text as a document, and documents that are nearly right, evaluated.
//!
//! What must hold whatever they say: a denial of everything denies, a boundary that allows everything bounds nothing,
//! who is allowed nothing may do nothing, documents decide alike one by one and as one, and every refusal has a
//! sentence.

#![no_main]

use std::collections::BTreeMap;

use lanthorn_model::arn::RoleArn;
use lanthorn_model::policy::{
    Context, Decision, Identity, Kind, Layer, Policy, Request, ResourcePolicy, Standing, evaluate,
};
use lanthorn_model::principal::Principal;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    first: Document<'a>,
    second: Document<'a>,
    resource_policy: Option<Document<'a>>,
    gate: bool,
    action: Word<'a>,
    resource: Word<'a>,
    context: Vec<(Word<'a>, Vec<Word<'a>>)>,
}

/// Text that means something in a policy, or any.
#[derive(Arbitrary, Debug)]
enum Word<'a> {
    Known(u8),
    /// A known word cut short, and what comes then.
    Bent(u8, u8, &'a str),
    Any(&'a str),
}

const WORDS: [&str; 22] = [
    "*",
    "lambda:*",
    "lambda:InvokeFunction",
    "LAMBDA:Get*",
    "sts:AssumeRole",
    "iam:Pass?ole",
    "arn:aws:lambda:us-east-1:000000000000:function:hello",
    "arn:aws:lambda:*:*:function:h*",
    "arn:aws:s3:::bucket/${aws:username}/*",
    "arn:aws:iam::000000000000:root",
    "000000000000",
    "aws:SourceIp",
    "aws:PrincipalTag/team",
    "aws:PrincipalArn",
    "aws:CurrentTime",
    "lamps",
    "10.0.0.0/8",
    "2001:db8::/32",
    "true",
    "2026-11-21T20:15:41Z",
    "42",
    "${aws:PrincipalTag/team, 'none'}",
];

#[derive(Arbitrary, Debug)]
enum Document<'a> {
    Any(&'a str),
    Built { new: bool, statements: Vec<Statement<'a>> },
}

#[derive(Arbitrary, Debug)]
struct Statement<'a> {
    deny: bool,
    inverted: [bool; 3],
    principal: Option<Word<'a>>,
    actions: Vec<Word<'a>>,
    resources: Vec<Word<'a>>,
    conditions: Vec<(Operator, Word<'a>, Vec<Word<'a>>)>,
}

#[derive(Arbitrary, Debug)]
struct Operator {
    quantifier: u8,
    name: u8,
    if_exists: bool,
}

const OPERATORS: [&str; 16] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericLessThan",
    "DateEquals",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "Null",
];

fuzz_target!(|input: Input<'_>| {
    let texts = [&input.first, &input.second].map(Document::text);
    for text in &texts {
        for kind in [Kind::Managed, Kind::Trust] {
            let _ = Policy::parse(text, kind).map_err(|malformed| malformed.to_string());
        }
    }
    let parsed: Vec<Policy> = texts.iter().filter_map(|text| Policy::parse(text, Kind::Inline).ok()).collect();
    let guard =
        input.resource_policy.as_ref().and_then(|document| Policy::parse(&document.text(), Kind::Resource).ok());
    let guard = match &guard {
        None => ResourcePolicy::Absent,
        Some(policy) if input.gate => ResourcePolicy::Gate(policy),
        Some(policy) => ResourcePolicy::Beside(policy),
    };
    let mut context = Context::new();
    let mut keys: Vec<String> = Vec::new();
    for (key, values) in &input.context {
        // Each key is told once.
        let key = key.text();
        if keys.iter().all(|known| !known.eq_ignore_ascii_case(&key)) {
            keys.push(key.clone());
            context = context.with_all(key, values.iter().map(Word::text).collect());
        }
    }
    let principal = Principal::AssumedRole {
        account: "000000000000".parse().expect("an account"),
        role_name: "worker".into(),
        role_id: "AROAEXAMPLEEXAMPLE123".into(),
        session_name: "hello".into(),
    };
    let (action, resource) = (input.action.text(), input.resource.text());
    let request = Request::new(&principal, &action, &resource, &context).guarded_by(guard);
    check(&request, &parsed);
});

fn check(request: &Request<'_>, parsed: &[Policy]) {
    let arn: RoleArn = "arn:aws:iam::000000000000:role/service-role/worker".parse().expect("a role");
    let tags = BTreeMap::from([("team".to_owned(), "lamps".to_owned())]);
    let decide = |request: &Request<'_>, policies: &[&Policy], boundary: Option<&Policy>| {
        evaluate(request, &Standing::Role(Identity { arn: &arn, tags: &tags, policies, boundary }))
    };
    let policies: Vec<&Policy> = parsed.iter().collect();
    let decision = decide(request, &policies, None);
    assert_eq!(decision.explain(request).is_none(), decision.is_allowed());
    assert_eq!(decide(request, &policies, None), decision, "twice the same");
    assert_eq!(decide(request, &[&Policy::union(parsed)], None), decision, "as one document");

    let everything = blanket("Allow");
    assert_eq!(decide(request, &policies, Some(&everything)), decision, "bounded by nothing");
    let nothing = blanket("Deny");
    let with_denial: Vec<&Policy> = policies.iter().copied().chain([&nothing]).collect();
    assert_eq!(decide(request, &with_denial, None), Decision::DeniedExplicitly(Layer::Identity));
    let unguarded = request.guarded_by(ResourcePolicy::Absent);
    assert!(!decide(&unguarded, &[], None).is_allowed(), "allowed by nobody");
    assert!(!evaluate(&unguarded, &Standing::Stranger).is_allowed(), "a stranger with nothing to show");
}

/// A document that says `effect` to everything.
fn blanket(effect: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}"#);
    Policy::parse(&text, Kind::Inline).expect("a good document")
}

impl Document<'_> {
    fn text(&self) -> String {
        match self {
            Self::Any(text) => (*text).to_owned(),
            Self::Built { new, statements } => {
                let version = if *new { "2012-10-17" } else { "2008-10-17" };
                let statements: Vec<String> = statements.iter().map(Statement::text).collect();
                format!(r#"{{"Version":"{version}","Statement":[{}]}}"#, statements.join(","))
            }
        }
    }
}

impl Statement<'_> {
    fn text(&self) -> String {
        let [principal, actions, resources] = self.inverted.map(|inverted| if inverted { "Not" } else { "" });
        let effect = if self.deny { "Deny" } else { "Allow" };
        let mut text = format!(r#"{{"Effect":"{effect}""#);
        if let Some(named) = &self.principal {
            text.push_str(&format!(r#","{principal}Principal":{{"AWS":{}}}"#, quoted(&named.text())));
        }
        text.push_str(&format!(r#","{actions}Action":{}"#, list(&self.actions)));
        text.push_str(&format!(r#","{resources}Resource":{}"#, list(&self.resources)));
        let conditions = self.conditions.iter().map(|(operator, key, values)| {
            format!(r#"{}:{{{}:{}}}"#, quoted(&operator.text()), quoted(&key.text()), list(values))
        });
        let conditions: Vec<String> = conditions.collect();
        if !conditions.is_empty() {
            text.push_str(&format!(r#","Condition":{{{}}}"#, conditions.join(",")));
        }
        text.push('}');
        text
    }
}

impl Operator {
    fn text(&self) -> String {
        let quantifier = ["", "", "ForAllValues:", "ForAnyValue:"][usize::from(self.quantifier % 4)];
        let name = OPERATORS[usize::from(self.name) % OPERATORS.len()];
        format!("{quantifier}{name}{}", if self.if_exists && name != "Null" { "IfExists" } else { "" })
    }
}

impl Word<'_> {
    fn text(&self) -> String {
        let known = |number: &u8| WORDS[usize::from(*number) % WORDS.len()];
        match self {
            Self::Known(number) => known(number).to_owned(),
            Self::Bent(number, length, end) => {
                let begin: String = known(number).chars().take(usize::from(*length)).collect();
                begin + end
            }
            Self::Any(text) => (*text).to_owned(),
        }
    }
}

fn list(words: &[Word<'_>]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(&word.text())).collect();
    format!("[{}]", quoted.join(","))
}

/// `text` as a JSON string.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}
