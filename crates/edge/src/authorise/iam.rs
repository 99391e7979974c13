//! What each IAM operation asks to do, and to whom.
//!
//! The ARN comes from IAM itself, which knows the paths of its roles. A refusal names
//! the entity by kind and name instead (`role NAME`, seen): the caller may not learn
//! its path, nor whether it exists.

use lanthorn_iam::Iam;

use super::permission::{Ask, Permission};

/// What `ask` needs to be allowed.
pub(super) fn permissions(ask: &Ask<'_>, iam: &Iam) -> Vec<Permission> {
    let name = ask.operation.name;
    let parameter = |key: &str| ask.form(key).map(std::borrow::Cow::into_owned);
    let resource = iam.resource(name, ask.account, &parameter);
    let permission = Permission::new(format!("iam:{name}"), resource);
    vec![match shown(ask) {
        Some(shown) => permission.shown_as(shown),
        None => permission,
    }]
}

/// How a refusal names what `ask` is about, where that is not its ARN.
fn shown(ask: &Ask<'_>) -> Option<String> {
    let name = ask.operation.name;
    if name.starts_with("Create") {
        return None;
    }
    if name == "ListRoles" {
        let prefix = ask.form("PathPrefix").unwrap_or("/".into());
        return Some(format!("arn:aws:iam::{}:role{prefix}", ask.account));
    }
    [("RoleName", "role"), ("UserName", "user"), ("GroupName", "group"), ("PolicyArn", "policy")]
        .into_iter()
        .find_map(|(key, kind)| ask.form(key).map(|name| format!("{kind} {name}")))
}
