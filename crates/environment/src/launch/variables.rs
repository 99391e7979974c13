//! The environment variables a runtime process starts with: AWS's set, exactly, and the function's own.
//!
//! Recorded on every runtime, January 2026. `_X_AMZN_TRACE_ID` is missing here because runtimes set it for each call;
//! `AWS_ENDPOINT_URL` is ours: it brings the function's SDK to the endpoint inside the sandbox.

use std::collections::BTreeMap;

use lanthorn_model::credentials::SessionCredentials;
use lanthorn_model::function::{Function, LogFormat};
use lanthorn_model::runtime::{Family, Runtime};

pub(super) type Variables = BTreeMap<String, String>;

/// Where the sandbox serves the AWS endpoint.
const ENDPOINT: &str = "http://127.0.0.1:4566";

/// All variables of `function`. Its owner's win, but for the reserved ones, which the control plane refuses.
pub(super) fn all(function: &Function, group: &str, stream: &str, credentials: &SessionCredentials) -> Variables {
    let configuration = &function.configuration;
    let runtime = &configuration.runtime;
    let region = function.id.region.as_str();
    let mut variables = Variables::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());

    set("AWS_ACCESS_KEY_ID", &credentials.access_key_id);
    set("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose());
    set("AWS_SESSION_TOKEN", credentials.session_token.expose());
    set("AWS_REGION", region);
    set("AWS_DEFAULT_REGION", region);
    set("AWS_ENDPOINT_URL", ENDPOINT);
    set("AWS_LAMBDA_FUNCTION_NAME", function.id.name.as_str());
    set("AWS_LAMBDA_FUNCTION_VERSION", &function.version.to_string());
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &configuration.memory_mib.to_string());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", group);
    set("AWS_LAMBDA_LOG_STREAM_NAME", stream);
    if let LogFormat::Json { application, .. } = &configuration.logging.format {
        set("AWS_LAMBDA_LOG_FORMAT", "JSON");
        set("AWS_LAMBDA_LOG_LEVEL", application);
    }
    set("LAMBDA_TASK_ROOT", "/var/task");
    set("LAMBDA_RUNTIME_DIR", "/var/runtime");
    set("LANG", "en_US.UTF-8");
    set("TZ", ":UTC");
    set("_HANDLER", &configuration.handler);

    let place = Place::of(runtime);
    set("AWS_LAMBDA_RUNTIME_API", place.runtime_api);
    set("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    set("AWS_XRAY_DAEMON_ADDRESS", &format!("{}:2000", place.xray));
    set("_AWS_XRAY_DAEMON_ADDRESS", place.xray);
    set("_AWS_XRAY_DAEMON_PORT", "2000");
    set("PATH", place.path);
    set("LD_LIBRARY_PATH", place.libraries);
    for (name, value) in of_runtime(runtime) {
        set(name, &value);
    }
    if let Some(own) = &configuration.environment {
        variables.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    variables
}

/// What depends on the operating system AWS runs a runtime on.
struct Place {
    runtime_api: &'static str,
    xray: &'static str,
    path: &'static str,
    libraries: &'static str,
}

impl Place {
    fn of(runtime: &Runtime) -> Self {
        match runtime.as_str() {
            // The sandbox serves the Runtime API at AWS's newer address alone, so that one is told here too.
            "provided" | "provided.al2" => Self {
                runtime_api: "169.254.100.1:9001",
                xray: "169.254.79.129",
                path: "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
                libraries: "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
            },
            _ => Self {
                runtime_api: "169.254.100.1:9001",
                xray: "169.254.100.1",
                path: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
                libraries: "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
            },
        }
    }
}

fn of_runtime(runtime: &Runtime) -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    if runtime.family() != Family::Provided {
        variables.push(("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}")));
    }
    match runtime.family() {
        Family::Python => variables.push(("PYTHONPATH", "/var/runtime".to_owned())),
        Family::NodeJs => {
            let layers = format!("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules", runtime.version());
            let path = format!("{layers}:/var/runtime/node_modules:/var/runtime:/var/task");
            variables.push(("NODE_PATH", path));
        }
        Family::Java | Family::Ruby | Family::DotNet | Family::Go | Family::Provided => {}
    }
    if matches!(runtime.family(), Family::Python | Family::NodeJs) {
        // AWS boots these by a shell script, which leaves its traces.
        variables.push(("PWD", "/var/task".to_owned()));
        variables.push(("SHLVL", "0".to_owned()));
    }
    variables
}
