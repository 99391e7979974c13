//! `Debug` of a shape: what is present, without what is sensitive.

use std::fmt::{self, Debug as _};

use crate::schema::{Kind, Schema};
use crate::value::Value;

/// What stands in the place of a sensitive value.
const REDACTED: &str = "…";

/// Writes `value` as `schema` says, leaving absent members out.
pub(crate) fn show(schema: &'static Schema, value: Value, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    Shown { schema, value: &value }.fmt(formatter)
}

struct Shown<'a> {
    schema: &'static Schema,
    value: &'a Value,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.sensitive {
            return formatter.write_str(REDACTED);
        }
        match (&self.schema.kind, self.value) {
            (Kind::Structure(members), Value::Structure(values)) => {
                let mut shown = formatter.debug_struct(self.schema.name);
                for (member, value) in members.iter().zip(values).filter(|(_, value)| !value.is_null()) {
                    shown.field(member.name, &Shown { schema: member.schema, value });
                }
                shown.finish()
            }
            (Kind::List(elements), Value::List(values)) => formatter
                .debug_list()
                .entries(values.iter().map(|value| Shown { schema: elements.schema, value }))
                .finish(),
            (Kind::Map(entries), Value::Map(values)) => {
                let shown = values.iter().map(|(key, value)| {
                    let key = if entries.key.sensitive { REDACTED } else { key };
                    (key, Shown { schema: entries.value, value })
                });
                formatter.debug_map().entries(shown).finish()
            }
            (_, Value::Boolean(value)) => value.fmt(formatter),
            (_, Value::Integer(value)) => value.fmt(formatter),
            (_, Value::Double(value)) => value.fmt(formatter),
            (_, Value::String(value)) => value.fmt(formatter),
            (_, Value::Blob(value)) => write!(formatter, "<{} bytes>", value.len()),
            (_, Value::Timestamp(value)) => value.fmt(formatter),
            (_, value) => value.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;

    use crate::{iam, lambda, sts};

    #[test]
    fn secrets_are_not_shown() {
        let credentials = sts::Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: "hush".to_owned(),
            session_token: "token".to_owned(),
            expiration: jiff::Timestamp::UNIX_EPOCH,
        };
        let shown = format!("{credentials:?}");
        assert!(shown.contains("ASIAEXAMPLE"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");

        let variables = BTreeMap::from([("KEY".to_owned(), "hush".to_owned())]);
        let environment = lambda::Environment { variables: Some(variables) };
        assert_eq!(format!("{environment:?}"), "Environment { Variables: … }");

        let code = lambda::FunctionCode { zip_file: Some(Bytes::from_static(b"hush")), ..Default::default() };
        assert_eq!(format!("{code:?}"), "FunctionCode { ZipFile: … }");
    }

    #[test]
    fn absent_members_are_left_out() {
        let request = iam::GetRoleRequest { role_name: "r".to_owned() };
        assert_eq!(format!("{request:?}"), "GetRoleRequest { RoleName: \"r\" }");
        assert_eq!(format!("{:?}", iam::ListRolesRequest::default()), "ListRolesRequest");
    }
}
