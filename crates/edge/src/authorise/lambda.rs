//! What each Lambda operation asks to do, and to which resource.
//!
//! Source: *Actions, resources, and condition keys for AWS Lambda*, Service
//! Authorization Reference; the operations of 2026 that it does not list yet carry
//! their own name as action.

use lanthorn_model::arn::FunctionRef;

use super::permission::{Ask, Permission, Unclear};

/// The kind of resource an operation acts on.
#[derive(Clone, Copy, Debug)]
enum On {
    /// No resource: `*`.
    Nothing,
    /// The function in the path, with the qualifier if one is given.
    Function,
    /// The function in the body, which may not exist yet.
    NewFunction,
    /// The layer in the path.
    Layer,
    /// The layer and version in the path.
    LayerVersion,
    /// The layer version whose ARN is in the query.
    LayerVersionByArn,
    /// The event source mapping in the path.
    EventSourceMapping,
    /// The capacity provider in the path.
    CapacityProvider,
    /// The capacity provider in the body.
    NewCapacityProvider,
    /// Whatever ARN stands at this label of the path.
    Given(&'static str),
}

/// Operation, action, resource; ordered by operation.
const OPERATIONS: &[(&str, &str, On)] = &[
    ("AddLayerVersionPermission", "lambda:AddLayerVersionPermission", On::LayerVersion),
    ("AddPermission", "lambda:AddPermission", On::Function),
    ("CheckpointDurableExecution", "lambda:CheckpointDurableExecution", On::Given("DurableExecutionArn")),
    ("CreateAlias", "lambda:CreateAlias", On::Function),
    ("CreateCapacityProvider", "lambda:CreateCapacityProvider", On::NewCapacityProvider),
    ("CreateCodeSigningConfig", "lambda:CreateCodeSigningConfig", On::Nothing),
    ("CreateEventSourceMapping", "lambda:CreateEventSourceMapping", On::Nothing),
    ("CreateFunction", "lambda:CreateFunction", On::NewFunction),
    ("CreateFunctionUrlConfig", "lambda:CreateFunctionUrlConfig", On::Function),
    ("DeleteAlias", "lambda:DeleteAlias", On::Function),
    ("DeleteCapacityProvider", "lambda:DeleteCapacityProvider", On::CapacityProvider),
    ("DeleteCodeSigningConfig", "lambda:DeleteCodeSigningConfig", On::Given("CodeSigningConfigArn")),
    ("DeleteDurableExecution", "lambda:DeleteDurableExecution", On::Given("DurableExecutionArn")),
    ("DeleteEventSourceMapping", "lambda:DeleteEventSourceMapping", On::EventSourceMapping),
    ("DeleteFunction", "lambda:DeleteFunction", On::Function),
    ("DeleteFunctionCodeSigningConfig", "lambda:DeleteFunctionCodeSigningConfig", On::Function),
    ("DeleteFunctionConcurrency", "lambda:DeleteFunctionConcurrency", On::Function),
    ("DeleteFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig", On::Function),
    ("DeleteFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig", On::Function),
    ("DeleteLayerVersion", "lambda:DeleteLayerVersion", On::LayerVersion),
    ("DeleteProvisionedConcurrencyConfig", "lambda:DeleteProvisionedConcurrencyConfig", On::Function),
    ("DeleteResourcePolicy", "lambda:DeleteResourcePolicy", On::Given("ResourceArn")),
    ("GetAccountSettings", "lambda:GetAccountSettings", On::Nothing),
    ("GetAlias", "lambda:GetAlias", On::Function),
    ("GetCapacityProvider", "lambda:GetCapacityProvider", On::CapacityProvider),
    ("GetCodeSigningConfig", "lambda:GetCodeSigningConfig", On::Given("CodeSigningConfigArn")),
    ("GetDurableExecution", "lambda:GetDurableExecution", On::Given("DurableExecutionArn")),
    ("GetDurableExecutionHistory", "lambda:GetDurableExecutionHistory", On::Given("DurableExecutionArn")),
    ("GetDurableExecutionState", "lambda:GetDurableExecutionState", On::Given("DurableExecutionArn")),
    ("GetEventSourceMapping", "lambda:GetEventSourceMapping", On::EventSourceMapping),
    ("GetFunction", "lambda:GetFunction", On::Function),
    ("GetFunctionCodeSigningConfig", "lambda:GetFunctionCodeSigningConfig", On::Function),
    ("GetFunctionConcurrency", "lambda:GetFunctionConcurrency", On::Function),
    ("GetFunctionConfiguration", "lambda:GetFunctionConfiguration", On::Function),
    ("GetFunctionEventInvokeConfig", "lambda:GetFunctionEventInvokeConfig", On::Function),
    ("GetFunctionRecursionConfig", "lambda:GetFunctionRecursionConfig", On::Function),
    ("GetFunctionScalingConfig", "lambda:GetFunctionScalingConfig", On::Function),
    ("GetFunctionUrlConfig", "lambda:GetFunctionUrlConfig", On::Function),
    ("GetLayerVersion", "lambda:GetLayerVersion", On::LayerVersion),
    ("GetLayerVersionByArn", "lambda:GetLayerVersion", On::LayerVersionByArn),
    ("GetLayerVersionPolicy", "lambda:GetLayerVersionPolicy", On::LayerVersion),
    ("GetPolicy", "lambda:GetPolicy", On::Function),
    ("GetProvisionedConcurrencyConfig", "lambda:GetProvisionedConcurrencyConfig", On::Function),
    ("GetResourcePolicy", "lambda:GetResourcePolicy", On::Given("ResourceArn")),
    ("GetRuntimeManagementConfig", "lambda:GetRuntimeManagementConfig", On::Function),
    ("Invoke", "lambda:InvokeFunction", On::Function),
    ("InvokeAsync", "lambda:InvokeAsync", On::Function),
    ("InvokeWithResponseStream", "lambda:InvokeFunction", On::Function),
    ("ListAliases", "lambda:ListAliases", On::Function),
    ("ListCapacityProviders", "lambda:ListCapacityProviders", On::Nothing),
    ("ListCodeSigningConfigs", "lambda:ListCodeSigningConfigs", On::Nothing),
    ("ListDurableExecutionsByFunction", "lambda:ListDurableExecutionsByFunction", On::Function),
    ("ListEventSourceMappings", "lambda:ListEventSourceMappings", On::Nothing),
    ("ListFunctionEventInvokeConfigs", "lambda:ListFunctionEventInvokeConfigs", On::Function),
    ("ListFunctionUrlConfigs", "lambda:ListFunctionUrlConfigs", On::Function),
    ("ListFunctionVersionsByCapacityProvider", "lambda:ListFunctionVersionsByCapacityProvider", On::CapacityProvider),
    ("ListFunctions", "lambda:ListFunctions", On::Nothing),
    ("ListFunctionsByCodeSigningConfig", "lambda:ListFunctionsByCodeSigningConfig", On::Given("CodeSigningConfigArn")),
    ("ListLayerVersions", "lambda:ListLayerVersions", On::Layer),
    ("ListLayers", "lambda:ListLayers", On::Nothing),
    ("ListProvisionedConcurrencyConfigs", "lambda:ListProvisionedConcurrencyConfigs", On::Function),
    ("ListTags", "lambda:ListTags", On::Given("Resource")),
    ("ListVersionsByFunction", "lambda:ListVersionsByFunction", On::Function),
    ("PauseDurableExecution", "lambda:PauseDurableExecution", On::Given("DurableExecutionArn")),
    ("PublishLayerVersion", "lambda:PublishLayerVersion", On::Layer),
    ("PublishVersion", "lambda:PublishVersion", On::Function),
    ("PutFunctionCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig", On::Function),
    ("PutFunctionConcurrency", "lambda:PutFunctionConcurrency", On::Function),
    ("PutFunctionEventInvokeConfig", "lambda:PutFunctionEventInvokeConfig", On::Function),
    ("PutFunctionRecursionConfig", "lambda:PutFunctionRecursionConfig", On::Function),
    ("PutFunctionScalingConfig", "lambda:PutFunctionScalingConfig", On::Function),
    ("PutProvisionedConcurrencyConfig", "lambda:PutProvisionedConcurrencyConfig", On::Function),
    ("PutResourcePolicy", "lambda:PutResourcePolicy", On::Given("ResourceArn")),
    ("PutRuntimeManagementConfig", "lambda:PutRuntimeManagementConfig", On::Function),
    ("RemoveLayerVersionPermission", "lambda:RemoveLayerVersionPermission", On::LayerVersion),
    ("RemovePermission", "lambda:RemovePermission", On::Function),
    ("ResumeDurableExecution", "lambda:ResumeDurableExecution", On::Given("DurableExecutionArn")),
    ("SendDurableExecutionCallbackFailure", "lambda:SendDurableExecutionCallbackFailure", On::Nothing),
    ("SendDurableExecutionCallbackHeartbeat", "lambda:SendDurableExecutionCallbackHeartbeat", On::Nothing),
    ("SendDurableExecutionCallbackSuccess", "lambda:SendDurableExecutionCallbackSuccess", On::Nothing),
    ("StopDurableExecution", "lambda:StopDurableExecution", On::Given("DurableExecutionArn")),
    ("TagResource", "lambda:TagResource", On::Given("Resource")),
    ("UntagResource", "lambda:UntagResource", On::Given("Resource")),
    ("UpdateAlias", "lambda:UpdateAlias", On::Function),
    ("UpdateCapacityProvider", "lambda:UpdateCapacityProvider", On::CapacityProvider),
    ("UpdateCodeSigningConfig", "lambda:UpdateCodeSigningConfig", On::Given("CodeSigningConfigArn")),
    ("UpdateEventSourceMapping", "lambda:UpdateEventSourceMapping", On::EventSourceMapping),
    ("UpdateFunctionCode", "lambda:UpdateFunctionCode", On::Function),
    ("UpdateFunctionConfiguration", "lambda:UpdateFunctionConfiguration", On::Function),
    ("UpdateFunctionEventInvokeConfig", "lambda:UpdateFunctionEventInvokeConfig", On::Function),
    ("UpdateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig", On::Function),
];

/// What `ask` needs to be allowed.
pub(super) fn permissions(ask: &Ask<'_>) -> Result<Vec<Permission>, Unclear> {
    let name = ask.operation.name;
    let Ok(row) = OPERATIONS.binary_search_by(|(operation, ..)| (*operation).cmp(name)) else {
        return Ok(vec![Permission::new(format!("lambda:{name}"), "*")]);
    };
    let (_, action, on) = OPERATIONS[row];
    let (named, role) = match (name, on) {
        ("UpdateFunctionConfiguration", _) => {
            let [role] = ask.body_texts(["Role"])?;
            (None, role)
        }
        (_, On::NewFunction) => {
            let [function, role] = ask.body_texts(["FunctionName", "Role"])?;
            (function, role)
        }
        (_, On::NewCapacityProvider) => {
            let [provider] = ask.body_texts(["CapacityProviderName"])?;
            (provider, None)
        }
        _ => (None, None),
    };
    let mut needed = vec![Permission::new(action, resource(ask, on, &named.unwrap_or_default()))];
    if let Some(role) = role {
        needed.push(Permission::new("iam:PassRole", role).given("iam:PassedToService", "lambda.amazonaws.com"));
    }
    Ok(needed)
}

/// The resource that `ask` acts on; `named` is its name in the body, where it stands there.
fn resource(ask: &Ask<'_>, on: On, named: &str) -> String {
    let arn = |kind: &str, name: &str| {
        if name.starts_with("arn:") { name.to_owned() } else { ask.arn("lambda", &format!("{kind}:{name}")) }
    };
    match on {
        On::Nothing => "*".to_owned(),
        On::Function => function(ask, &ask.label("FunctionName"), ask.query("Qualifier").as_deref()),
        On::NewFunction => function(ask, named, None),
        On::Layer => arn("layer", &ask.label("LayerName")),
        On::LayerVersion => format!("{}:{}", arn("layer", &ask.label("LayerName")), ask.label("VersionNumber")),
        On::LayerVersionByArn => arn("layer", &ask.query("Arn").unwrap_or_default()),
        On::EventSourceMapping => arn("event-source-mapping", &ask.label("UUID")),
        On::CapacityProvider => arn("capacity-provider", &ask.label("CapacityProviderName")),
        On::NewCapacityProvider => arn("capacity-provider", named),
        On::Given(label) => ask.label(label).into_owned(),
    }
}

/// The ARN of a function as the caller spelled it: by name, partial ARN or ARN.
///
/// What is no spelling of a function is put into an ARN as it is: validation will
/// refuse it, but only to callers who may do this to a function of any name.
fn function(ask: &Ask<'_>, spelled: &str, qualifier: Option<&str>) -> String {
    let Ok(function) = spelled.parse::<FunctionRef>() else {
        return ask.arn("lambda", &format!("function:{spelled}"));
    };
    let region = function.region.as_ref().unwrap_or(ask.region);
    let account = function.account.as_ref().unwrap_or(ask.account);
    let arn = format!("arn:aws:lambda:{region}:{account}:function:{}", function.name);
    match (qualifier, function.qualifier) {
        (Some(qualifier), _) => format!("{arn}:{qualifier}"),
        (None, Some(qualifier)) => format!("{arn}:{qualifier}"),
        (None, None) => arn,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use lanthorn_wire::lambda;
    use lanthorn_wire::request::Request;

    use super::*;
    use crate::authorise::tests::check;

    #[track_caller]
    fn lambda(line: &str, body: &str, expected: &[(&str, &str)]) {
        check(&lambda::SERVICE, line, body, permissions, expected);
    }

    #[test]
    fn every_operation_of_the_model_has_its_row() {
        let rows: Vec<&str> = OPERATIONS.iter().map(|(operation, ..)| *operation).collect();
        let model: Vec<&str> = lambda::SERVICE.operations.iter().map(|operation| operation.name).collect();
        assert_eq!(rows, model);
    }

    #[test]
    fn a_function_is_named_by_its_arn() {
        let arn = "arn:aws:lambda:eu-west-1:000000000000:function:hello";
        lambda("POST /2015-03-31/functions/hello/invocations", "", &[("lambda:InvokeFunction", arn)]);
        lambda(
            "POST /2015-03-31/functions/hello/invocations?Qualifier=live",
            "",
            &[("lambda:InvokeFunction", &format!("{arn}:live"))],
        );
        lambda(
            "GET /2015-03-31/functions/000000000000%3Afunction%3Ahello%3A%24LATEST",
            "",
            &[("lambda:GetFunction", &format!("{arn}:$LATEST"))],
        );
        lambda(
            "DELETE /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-2%3A111111111111%3Afunction%3Ahello",
            "",
            &[("lambda:DeleteFunction", "arn:aws:lambda:us-east-2:111111111111:function:hello")],
        );
    }

    #[test]
    fn a_new_function_passes_its_role() {
        let role = "arn:aws:iam::000000000000:role/basic";
        lambda(
            "POST /2015-03-31/functions",
            &format!(r#"{{"FunctionName":"hello","Role":"{role}","Code":{{"ZipFile":"UEs="}}}}"#),
            &[
                ("lambda:CreateFunction", "arn:aws:lambda:eu-west-1:000000000000:function:hello"),
                ("iam:PassRole", role),
            ],
        );
    }

    #[test]
    fn a_name_said_twice_is_unclear() {
        let (head, ()) = http::Request::post("/2015-03-31/functions").body(()).unwrap().into_parts();
        let body = br#"{"FunctionName":"mine","FunctionName":"theirs"}"#;
        let request = Request::new(head, Bytes::from_static(body));
        let ask = Ask {
            operation: lambda::SERVICE.recognise(&request).unwrap(),
            request: &request,
            account: &"000000000000".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
        };
        assert_eq!(permissions(&ask), Err(Unclear));
    }

    #[test]
    fn a_list_concerns_no_resource() {
        lambda("GET /2015-03-31/functions", "", &[("lambda:ListFunctions", "*")]);
        lambda("GET /2015-03-31/functions/", "", &[("lambda:ListFunctions", "*")]);
    }

    #[test]
    fn other_resources_have_their_own_arns() {
        let arn = |tail: &str| format!("arn:aws:lambda:eu-west-1:000000000000:{tail}");
        lambda("GET /2018-10-31/layers/tools/versions/3", "", &[("lambda:GetLayerVersion", &arn("layer:tools:3"))]);
        lambda("GET /2017-03-31/tags/arn%3Ax", "", &[("lambda:ListTags", "arn:x")]);
        lambda(
            "GET /2015-03-31/event-source-mappings/0f",
            "",
            &[("lambda:GetEventSourceMapping", &arn("event-source-mapping:0f"))],
        );
    }
}
