//! What each CloudWatch Logs operation asks to do, and to which group and stream.
//!
//! Logs writes its resource `log-group:GROUP:log-stream:STREAM` whether or not there
//! is a stream to name, or even a group (seen in its refusals).

use super::permission::{Ask, Permission, Unclear};

/// What `ask` needs to be allowed.
pub(super) fn permissions(ask: &Ask<'_>) -> Result<Vec<Permission>, Unclear> {
    let name = ask.operation.name;
    let action = format!("logs:{name}");
    let [resource, group, identifier, stream] =
        ask.body_texts(["resourceArn", "logGroupName", "logGroupIdentifier", "logStreamName"])?;
    if let Some(arn) = resource {
        return Ok(vec![Permission::new(action, arn)]);
    }
    let (group, stream) = (group.or(identifier), stream.unwrap_or_default());
    let resource = match group {
        Some(arn) if arn.starts_with("arn:") => format!("{}:log-stream:{stream}", arn.trim_end_matches(":*")),
        Some(group) => ask.arn("logs", &format!("log-group:{group}:log-stream:{stream}")),
        None if name == "DescribeLogGroups" => ask.arn("logs", "log-group::log-stream:"),
        None => "*".to_owned(),
    };
    Ok(vec![Permission::new(action, resource)])
}

#[cfg(test)]
mod tests {
    use lanthorn_wire::logs;

    use super::*;
    use crate::authorise::tests::check;

    #[track_caller]
    fn logs(line: &str, body: &str, expected: &[(&str, &str)]) {
        check(&logs::SERVICE, line, body, permissions, expected);
    }

    #[test]
    fn a_group_is_named_with_a_stream() {
        let arn = |tail: &str| format!("arn:aws:logs:eu-west-1:000000000000:{tail}");
        logs(
            "POST / Logs_20140328.GetLogEvents",
            r#"{"logGroupName":"/aws/lambda/f","logStreamName":"s"}"#,
            &[("logs:GetLogEvents", &arn("log-group:/aws/lambda/f:log-stream:s"))],
        );
        logs(
            "POST / Logs_20140328.DescribeLogGroups",
            "{}",
            &[("logs:DescribeLogGroups", &arn("log-group::log-stream:"))],
        );
        logs(
            "POST / Logs_20140328.FilterLogEvents",
            r#"{"logGroupIdentifier":"arn:aws:logs:eu-west-1:000000000000:log-group:g:*"}"#,
            &[("logs:FilterLogEvents", &arn("log-group:g:log-stream:"))],
        );
    }
}
