//! Reading a document: grammar first, then what its kind asks for.

use super::MalformedPolicy;
use std::sync::Arc;

use super::action::Actions;
use super::condition;
use super::json::Json;
use super::pattern::{Pattern, Reading};
use super::principals::{NamedPrincipal, Principals, Reach};
use super::scope::Scope;
use super::statement::{Effect, Resources, Statement};

/// A policy, compiled; cheap to clone. The text it was read from is its owner's to keep.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Arc<[Statement]>,
}

/// Where a document will be used, which decides what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A managed policy: version 2012-10-17, no principals.
    Managed,
    /// A policy written into a role or handed to a session: no principals.
    Inline,
    /// Who may assume a role: principals, only actions of STS, no resources.
    Trust,
    /// On a resource: principals, actions and resources.
    Resource,
}

/// The version in which `${…}` is a variable. Without a version, a document is of the older one.
const VARIABLES_SINCE: &str = "2012-10-17";
const OLDER: &str = "2008-10-17";

impl Policy {
    /// Reads and compiles `text` as a policy of `kind`.
    ///
    /// # Errors
    /// [`MalformedPolicy`], which prints as AWS says it.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, MalformedPolicy> {
        let syntax = kind.syntax();
        let document = Json::parse(text).ok_or(match kind {
            Kind::Trust => MalformedPolicy::TrustJson,
            _ => MalformedPolicy::Syntax,
        })?;
        let Json::Object(elements) = &document else { return Err(syntax) };
        let (mut version, mut statements) = (None, None);
        for (name, value) in elements {
            match name.as_str() {
                "Version" => version = Some(value.text().ok_or_else(|| kind.syntax())?),
                "Id" if value.text().is_some() => {}
                "Statement" => statements = Some(value),
                _ => return Err(syntax),
            }
        }
        let variables = kind.check_version(version)?;
        let statements = match statements {
            Some(one @ Json::Object(_)) => std::slice::from_ref(one),
            Some(Json::List(many)) if !many.is_empty() => many.as_slice(),
            _ if kind == Kind::Trust => return Err(MalformedPolicy::TrustStatementEmpty),
            _ => return Err(syntax),
        };
        let read = statements.iter().map(|json| Members::read(json, kind)).collect::<Result<Vec<_>, _>>()?;
        check_sids(&read, kind)?;
        let statements = read.iter().map(|members| members.compile(kind, variables)).collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// All statements of `policies` as one policy.
    #[must_use]
    pub fn union<'a>(policies: impl IntoIterator<Item = &'a Self>) -> Self {
        Self { statements: policies.into_iter().flat_map(|policy| policy.statements.iter().cloned()).collect() }
    }

    /// The users and roles that statements name as principals.
    pub fn named_principals(&self) -> impl Iterator<Item = NamedPrincipal<'_>> {
        self.statements.iter().filter_map(|statement| statement.principals.as_ref()).flat_map(Principals::named)
    }

    /// How far the statements of `effect` that apply reach the caller, at the farthest.
    pub(super) fn reach(&self, effect: Effect, scope: &Scope<'_>) -> Reach {
        let of_effect = self.statements.iter().filter(|statement| statement.effect == effect);
        of_effect.map(|statement| statement.reach(scope)).max().unwrap_or(Reach::None)
    }
}

impl Kind {
    fn syntax(self) -> MalformedPolicy {
        match self {
            Self::Trust => MalformedPolicy::TrustSyntax,
            Self::Managed | Self::Inline | Self::Resource => MalformedPolicy::Syntax,
        }
    }

    /// Whether a document of this version has variables.
    fn check_version(self, version: Option<&str>) -> Result<bool, MalformedPolicy> {
        match (version, self) {
            (Some(VARIABLES_SINCE), _) => Ok(true),
            (Some(OLDER) | None, Self::Managed) => Err(MalformedPolicy::OldVersion),
            (Some(OLDER) | None, _) => Ok(false),
            (Some(_), Self::Trust) => Err(MalformedPolicy::TrustVersion),
            (Some(_), _) => Err(MalformedPolicy::Syntax),
        }
    }
}

/// A statement's members as they were written, each at most once.
#[derive(Default)]
struct Members<'a> {
    sid: Option<&'a str>,
    effect: Option<&'a str>,
    principal: Option<(&'a Json, bool)>,
    actions: Option<(Vec<&'a str>, bool)>,
    resources: Option<(Vec<&'a str>, bool)>,
    condition: Option<&'a Json>,
}

impl<'a> Members<'a> {
    fn read(json: &'a Json, kind: Kind) -> Result<Self, MalformedPolicy> {
        let Json::Object(written) = json else { return Err(kind.syntax()) };
        let mut members = Self::default();
        for (name, value) in written {
            let inverted = name.starts_with("Not");
            let texts = || value.texts().map(|texts| (texts, inverted)).ok_or_else(|| kind.syntax());
            // `Action` beside `NotAction` says two things at once.
            let taken = match name.as_str() {
                "Sid" => members.sid.replace(value.text().ok_or_else(|| kind.syntax())?).is_some(),
                "Effect" => members.effect.replace(value.text().ok_or_else(|| kind.syntax())?).is_some(),
                "Principal" | "NotPrincipal" => members.principal.replace((value, inverted)).is_some(),
                "Action" | "NotAction" => members.actions.replace(texts()?).is_some(),
                "Resource" | "NotResource" => members.resources.replace(texts()?).is_some(),
                "Condition" => members.condition.replace(value).is_some(),
                _ => true,
            };
            if taken {
                return Err(kind.syntax());
            }
        }
        Ok(members)
    }

    fn compile(&self, kind: Kind, variables: bool) -> Result<Statement, MalformedPolicy> {
        let effect = self.effect(kind)?;
        let conditions = match self.condition {
            None => Box::default(),
            Some(block) => condition::parse(block, variables).ok_or_else(|| kind.syntax())?,
        };
        Ok(Statement {
            effect,
            principals: self.principals(kind)?,
            actions: self.actions(kind)?,
            resources: self.resources(kind, variables)?,
            conditions,
        })
    }

    fn effect(&self, kind: Kind) -> Result<Effect, MalformedPolicy> {
        match (self.effect, kind) {
            (Some("Allow"), _) => Ok(Effect::Allow),
            (Some("Deny"), _) => Ok(Effect::Deny),
            (None, Kind::Trust) => Err(MalformedPolicy::TrustFieldMissing("Effect")),
            (Some(other), Kind::Trust) => Err(MalformedPolicy::TrustEffect(other.to_owned())),
            (Some(other), _) if other.eq_ignore_ascii_case("allow") || other.eq_ignore_ascii_case("deny") => {
                Err(MalformedPolicy::Legacy)
            }
            (_, _) => Err(MalformedPolicy::Syntax),
        }
    }

    fn principals(&self, kind: Kind) -> Result<Option<Principals>, MalformedPolicy> {
        match (self.principal, kind) {
            (None, Kind::Managed | Kind::Inline) => Ok(None),
            (Some(_), Kind::Managed | Kind::Inline) => Err(MalformedPolicy::PrincipalGiven),
            (None, Kind::Trust | Kind::Resource) => Err(MalformedPolicy::TrustFieldMissing("Principal")),
            (Some((_, true)), Kind::Trust) => Err(MalformedPolicy::TrustNotPrincipal),
            (Some((json, inverted)), Kind::Trust | Kind::Resource) => Principals::parse(json, inverted).map(Some),
        }
    }

    fn actions(&self, kind: Kind) -> Result<Actions, MalformedPolicy> {
        let (texts, inverted) = match (&self.actions, kind) {
            (Some((texts, inverted)), _) if !texts.is_empty() => (texts, *inverted),
            (_, Kind::Trust) => return Err(MalformedPolicy::TrustFieldMissing("Action")),
            (_, _) => return Err(MalformedPolicy::NoActions),
        };
        let of_sts = |text: &&str| text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sts:"));
        if kind == Kind::Trust && !texts.iter().all(of_sts) {
            return Err(MalformedPolicy::TrustAction);
        }
        Actions::new(texts, inverted)
    }

    fn resources(&self, kind: Kind, variables: bool) -> Result<Option<Resources>, MalformedPolicy> {
        let (texts, inverted) = match (&self.resources, kind) {
            (None, Kind::Trust) => return Ok(None),
            (Some(_), Kind::Trust) => return Err(MalformedPolicy::TrustResource),
            (Some((texts, inverted)), _) if !texts.is_empty() => (texts, *inverted),
            (_, _) => return Err(MalformedPolicy::NoResources),
        };
        let compile = |text: &&str| {
            check_resource(text)?;
            Pattern::new(text, Reading { wildcards: true, variables }).ok_or(MalformedPolicy::Syntax)
        };
        Ok(Some(Resources { patterns: texts.iter().map(compile).collect::<Result<_, _>>()?, inverted }))
    }
}

fn check_sids(statements: &[Members<'_>], kind: Kind) -> Result<(), MalformedPolicy> {
    let mut sids: Vec<&str> =
        statements.iter().filter_map(|members| members.sid).filter(|sid| !sid.is_empty()).collect();
    sids.sort_unstable();
    match (sids.windows(2).any(|pair| pair[0] == pair[1]), kind) {
        (false, _) => Ok(()),
        (true, Kind::Trust) => Err(MalformedPolicy::TrustDuplicateSid),
        (true, _) => Err(MalformedPolicy::DuplicateSid),
    }
}

/// Whether `text` is `*` or looks like an ARN as far as IAM looks.
fn check_resource(text: &str) -> Result<(), MalformedPolicy> {
    // `*`, and what only a variable or wildcard can tell.
    if text == "*" || text.starts_with("*:") || text.starts_with("arn:*") || text.starts_with("${") {
        return Ok(());
    }
    let Some((_, rest)) = text.split_once(':') else {
        return Err(MalformedPolicy::ResourceNotArn(text.to_owned()));
    };
    let (partition, rest) = rest.split_once(':').unwrap_or((rest, ""));
    if partition != "aws" && !partition.starts_with("aws-") {
        let mut parts: Vec<&str> = rest.splitn(4, ':').collect();
        parts.resize(4, "*");
        if rest.is_empty() {
            parts[0] = "*";
        }
        let resource = format!("arn:{partition}:{}", parts.join(":"));
        return Err(MalformedPolicy::ResourcePartition { partition: partition.to_owned(), resource });
    }
    match rest.split(':').next() {
        None | Some("") => Err(MalformedPolicy::ResourceVendor),
        // A trailing `*` may stand for the parts that follow.
        Some(_) if rest.split(':').count() < 4 && !rest.ends_with('*') => Err(MalformedPolicy::Legacy),
        Some(_) => Ok(()),
    }
}
