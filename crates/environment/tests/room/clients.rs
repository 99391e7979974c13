//! Runtime clients that are not ours, as custom runtimes over the HTTP Runtime API.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lanthorn_environment::{Handle, start};
use lanthorn_model::invocation::{Completion, Invocation};
use serde_json::Value;

use crate::support::{House, failure, function, invocation, success};
use crate::unboxed::Unboxed;

/// A provided function whose `bootstrap` is a script, and its environment.
fn provided(bootstrap: &str, files: &[(&str, &str)]) -> (House, Handle) {
    let house = House::on_this_host(Arc::new(Unboxed));
    house.write("bootstrap", bootstrap);
    files.iter().for_each(|(name, text)| house.write(name, text));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(house.task.join("bootstrap"), mode).expect("our own file");
    let mut function = function("provided.al2023", "handler.handler");
    function.configuration.timeout_s = 20;
    let handle = start(&house.rooms, Arc::new(function));
    (house, handle)
}

async fn call(handle: &Handle, invocation: Invocation) -> Completion {
    let completion = handle.invoke(invocation).await.expect("taken");
    handle.ready().await;
    completion
}

async fn leave(handle: Handle) {
    handle.retire();
    handle.gone().await;
}

#[tokio::test]
async fn a_shell_script_with_curl_is_a_runtime() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: this host has no curl");
        return;
    }
    let script = r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
heads=$(mktemp)
trap 'rm -f "$heads"' EXIT
while true; do
  event=$(curl -sS -D "$heads" "$api/invocation/next") || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' "$heads" | tr -d '[:space:]' | cut -d: -f2)
  echo "has $event"
  case "$event" in
    '"exit"') exit 7 ;;
    '"error"') curl -sS "$api/invocation/$id/error" -H 'Lambda-Runtime-Function-Error-Type: Function.Asked' -d '{"errorMessage":"asked"}' ;;
    *) curl -sS "$api/invocation/$id/response" -d "{\"got\":$event}" ;;
  esac
done
"#;
    let (house, handle) = provided(script, &[]);
    for _ in 0..2 {
        assert_eq!(success(&call(&handle, invocation("[1]")).await), r#"{"got":[1]}"#);
    }
    assert_eq!(failure(&call(&handle, invocation("\"error\"")).await), r#"{"errorMessage":"asked"}"#);
    let completion = call(&handle, invocation("\"exit\"")).await;
    assert!(failure(&completion).contains("Runtime exited with error: exit status 7"));
    assert_eq!(success(&call(&handle, invocation("1")).await), r#"{"got":1}"#);
    house.logs.wait_for("has [1]").await;
    leave(handle).await;
}

/// A virtual environment with AWS's runtime client for Python, made once a checkout. None if it cannot be had.
fn awslambdaric() -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("awslambdaric");
    let python = place.join("bin/python");
    let has_it = |python: &Path| {
        Command::new(python).args(["-c", "import awslambdaric"]).output().is_ok_and(|output| output.status.success())
    };
    if has_it(&python) {
        return Some(python);
    }
    let base = ["/usr/bin/python3.11", "python3.12", "python3"].into_iter().find(|python| {
        Command::new(python).args(["-m", "venv"]).arg(&place).output().is_ok_and(|output| output.status.success())
    });
    let installed = base.and_then(|_| {
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "awslambdaric==4.2.2"]).status().ok()
    });
    (installed.is_some_and(|status| status.success()) && has_it(&python)).then_some(python)
}

#[tokio::test]
async fn awss_own_python_client_runs_as_a_custom_runtime() {
    let Some(python) = awslambdaric() else {
        eprintln!("skipped: awslambdaric cannot be installed here");
        return;
    };
    let code = "
import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event == 'raise': raise ValueError('asked for')
    if event == 'large': return 'x' * 6291555
    print('from the handler')
    return {'calls': calls, 'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis() > 0}
";
    let script = format!("#!/bin/sh\nexec {} -m awslambdaric \"$_HANDLER\"\n", python.display());
    let (house, handle) = provided(&script, &[("handler.py", code)]);
    for calls in 1..=3 {
        let asked = invocation("{}");
        let id = asked.id.to_string();
        let completion = call(&handle, asked).await;
        let answer: Value = serde_json::from_str(success(&completion)).expect("JSON");
        assert_eq!(answer, serde_json::json!({"calls": calls, "id": id, "left": true}));
    }
    let completion = call(&handle, invocation("\"raise\"")).await;
    let payload: Value = serde_json::from_str(failure(&completion)).expect("JSON");
    assert_eq!((&payload["errorType"], &payload["errorMessage"]), (&"ValueError".into(), &"asked for".into()));
    for _ in 0..2 {
        let completion = call(&handle, invocation("\"large\"")).await;
        assert!(failure(&completion).contains("Function.ResponseSizeTooLarge"), "{}", failure(&completion));
    }
    house.logs.wait_for("from the handler").await;
    leave(handle).await;
}
