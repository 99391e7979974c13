//! Python, Node.js and provided functions, and what happens when they misbehave.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use lanthorn_environment::{Handle, start};
use lanthorn_model::arn::Version;
use lanthorn_model::function::Function;
use lanthorn_model::invocation::{Completion, Invocation};
use lanthorn_model::runtime::Family;
use lanthorn_sandbox::Linux;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Test;
use crate::support::{House, failure, function, invocation, success, tail};

pub(crate) const TESTS: &[Test] = &[
    ("every_runtime_of_this_host_runs_in_a_sandbox", |bench| wait(every_runtime(bench.linux()))),
    ("python_sees_awss_world", |bench| wait(python_world(bench.linux()))),
    ("a_shell_script_is_a_provided_runtime", |bench| wait(provided(bench.linux()))),
    ("a_file_that_cannot_be_executed_is_told", |bench| wait(not_executable(bench.linux()))),
    ("a_time_out_keeps_tmp_and_loses_the_process", |bench| wait(time_out(bench.linux()))),
    ("too_much_memory_ends_the_process", |bench| wait(out_of_memory(bench.linux()))),
    ("a_missing_wrapper_exits_with_127", |bench| wait(missing_wrapper(bench.linux()))),
    ("a_wrapper_is_run_with_the_start_command", |bench| wait(wrapper(bench.linux()))),
    ("what_is_written_after_the_answer_is_logged_too", |bench| wait(late_lines(bench.linux()))),
    ("a_report_tells_what_was_measured", |bench| wait(measured(bench.linux()))),
];

pub(crate) fn wait(test: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    // One thread for everything, as a shard of the server has.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(test)
}

/// A function in its sandbox.
struct Stage {
    house: House,
    handle: Handle,
}

impl Stage {
    /// The function `change` makes of the usual one, whose code is `files`, all executable.
    fn set(linux: Arc<Linux>, function: Function, files: &[(&str, &str)]) -> Result<Self, Failed> {
        let house = House::on_this_host(linux);
        for (name, text) in files {
            house.write(name, text);
            std::fs::set_permissions(house.task.join(name), std::fs::Permissions::from_mode(0o755))?;
        }
        let handle = start(&house.rooms, Arc::new(function));
        Ok(Self { house, handle })
    }

    async fn call(&self, invocation: Invocation) -> Completion {
        let completion = self.handle.invoke(invocation).await.expect("the environment stands");
        self.handle.ready().await;
        completion
    }

    async fn leave(self) -> Result<(), Failed> {
        self.handle.retire();
        self.handle.gone().await;
        Ok(())
    }
}

/// The newest runtime of `family` that this host has, as the runtime of a function; else it is said and none.
async fn newest(linux: &Arc<Linux>, family: Family, handler: &str) -> Option<Function> {
    let house = House::on_this_host(Arc::<Linux>::clone(linux));
    house.rooms.runtimes.settled().await;
    let available = house.rooms.runtimes.available();
    let newest = available.iter().rfind(|(runtime, _)| runtime.family() == family);
    if newest.is_none() {
        eprintln!("skipped: this host has no {family:?}");
    }
    newest.map(|(runtime, _)| {
        let mut function = function(runtime.as_str(), handler);
        function.configuration.timeout_s = 20;
        function
    })
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

async fn every_runtime(linux: Arc<Linux>) -> Result<(), Failed> {
    let house = House::on_this_host(Arc::<Linux>::clone(&linux));
    house.rooms.runtimes.settled().await;
    for (runtime, executable) in house.rooms.runtimes.available() {
        let python =
            "calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return [event, calls]\n";
        let node = "let calls = 0;\nexports.handler = async (event) => [event, ++calls];\n";
        let mut function = function(runtime.as_str(), "index.handler");
        function.configuration.timeout_s = 20;
        function.version = Version::Latest;
        let stage = Stage::set(Arc::<Linux>::clone(&linux), function, &[("index.py", python), ("index.js", node)])?;
        for calls in 1..=2 {
            let completion = stage.call(invocation("\"e\"")).await;
            assert_eq!(parse(success(&completion)), json!(["e", calls]), "{runtime} by {}", executable.display());
        }
        stage.leave().await?;
    }
    Ok(())
}

async fn python_world(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    let runtime = function.configuration.runtime.clone();
    let code = "
import os, sys
def handler(event, context):
    return {'cwd': os.getcwd(), 'environ': dict(os.environ), 'path': sys.path, 'fds': sorted(os.listdir('/proc/self/fd'))[:4],
            'task': os.listdir('/var/task'), 'prefix': sys.prefix}
";
    let stage = Stage::set(linux, function, &[("index.py", code)])?;
    let completion = stage.call(invocation("{}")).await;
    let world = parse(success(&completion));
    assert_eq!(world["cwd"], "/var/task");
    assert_eq!(world["task"], json!(["index.py"]));
    let environ = world["environ"].as_object().expect("an object");
    let mut names: Vec<&str> = environ.keys().map(String::as_str).collect();
    names.sort_unstable();
    // Recorded in January 2026 for python3.12 and newer, and the one that is ours.
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "PATH",
        "PWD",
        "PYTHONPATH",
        "SHLVL",
        "TZ",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    ];
    assert_eq!(names, expected);
    assert_eq!(environ["AWS_LAMBDA_RUNTIME_API"], "169.254.100.1:9001");
    assert_eq!(environ["AWS_EXECUTION_ENV"], format!("AWS_Lambda_{runtime}"));
    assert_eq!(world["path"][0], "/var/task");
    stage.leave().await
}

async fn provided(linux: Arc<Linux>) -> Result<(), Failed> {
    // Bash's own network redirection stands in for a client, which a sandbox need not have.
    let script = r#"#!/bin/bash
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
while true; do
  exec 5<>"/dev/tcp/$host/$port" || exit 1
  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n' >&5
  id= ; event=
  while IFS= read -r line <&5 || [ -n "$line" ]; do
    line=${line%$'\r'}
    case "$line" in
      lambda-runtime-aws-request-id:*) id=${line#*: } ;;
      '') IFS= read -r event <&5 ;;
    esac
  done
  exec 5>&-
  echo "has $event"
  exec 5<>"/dev/tcp/$host/$port" || exit 1
  answer="{\"got\":$event}"
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' "$id" "${#answer}" "$answer" >&5
  cat <&5 >/dev/null
  exec 5>&-
done
"#;
    let mut function = function("provided.al2023", "f");
    function.configuration.timeout_s = 20;
    let stage = Stage::set(linux, function, &[("bootstrap", script)])?;
    for event in ["1", "[2]"] {
        let completion = stage.call(invocation(event)).await;
        assert_eq!(success(&completion), format!("{{\"got\":{event}}}"));
        assert_eq!(tail(&completion)[1], format!("has {event}"));
    }
    stage.leave().await
}

async fn not_executable(linux: Arc<Linux>) -> Result<(), Failed> {
    let stage = Stage::set(linux, function("provided.al2023", "f"), &[("bootstrap", "#!/bin/sh\n")])?;
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(stage.house.task.join("bootstrap"), mode)?;
    let completion = stage.call(invocation("1")).await;
    let payload = parse(failure(&completion));
    assert_eq!(payload["errorType"], "Runtime.InvalidEntrypoint");
    let message = payload["errorMessage"].as_str().expect("text");
    assert!(message.ends_with("Error: fork/exec /var/task/bootstrap: permission denied"), "{message}");
    stage.leave().await
}

async fn time_out(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(mut function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    function.configuration.timeout_s = 2;
    let code = "
import time
number = 0
def handler(event, context):
    global number
    if event == 'set':
        number = 42
        open('/tmp/kept', 'w').write('some-content')
    if event == 'sleep': time.sleep(60)
    return [number, open('/tmp/kept').read()]
";
    let stage = Stage::set(linux, function, &[("index.py", code)])?;
    assert_eq!(parse(success(&stage.call(invocation("\"set\"")).await)), json!([42, "some-content"]));
    let completion = stage.call(invocation("\"sleep\"")).await;
    let payload = parse(failure(&completion));
    assert_eq!(payload["errorType"], "Sandbox.Timedout");
    assert_eq!(parse(success(&stage.call(invocation("\"get\"")).await)), json!([0, "some-content"]));
    stage.leave().await
}

async fn out_of_memory(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    let code = "
def handler(event, context):
    if event == 'eat':
        eaten = [bytearray(1024 * 1024) for _ in range(300)]
        for piece in eaten: piece[::4096] = b'x' * 256
    return 'alive'
";
    let stage = Stage::set(linux, function, &[("index.py", code)])?;
    assert_eq!(success(&stage.call(invocation("1")).await), "\"alive\"");
    let completion = stage.call(invocation("\"eat\"")).await;
    let payload = parse(failure(&completion));
    assert_eq!(payload["errorType"], "Runtime.OutOfMemory", "{payload}");
    let report = tail(&completion).pop().expect("a report");
    assert!(report.contains("Max Memory Used: 128 MB") || report.contains("Max Memory Used: 127 MB"), "{report}");
    assert!(report.ends_with("Status: error\tError Type: Runtime.OutOfMemory"), "{report}");
    assert_eq!(success(&stage.call(invocation("1")).await), "\"alive\"");
    stage.leave().await
}

async fn missing_wrapper(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(mut function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    function.configuration.environment = Some([wrapped_by("/var/task/missing")].into());
    let stage = Stage::set(linux, function, &[("index.py", "")])?;
    let completion = stage.call(invocation("1")).await;
    let payload = parse(failure(&completion));
    assert_eq!(payload["errorType"], "Runtime.ExitError");
    let message = payload["errorMessage"].as_str().expect("text");
    assert!(message.ends_with("Error: Runtime exited with error: exit status 127"), "{message}");
    stage.leave().await
}

async fn wrapper(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(mut function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    function.configuration.environment = Some([wrapped_by("/var/task/wrap")].into());
    let code = "import os\ndef handler(event, context): return os.environ['WRAPPED']\n";
    let script = "#!/bin/bash\nexport WRAPPED=yes\nexec \"$@\"\n";
    let stage = Stage::set(linux, function, &[("index.py", code), ("wrap", script)])?;
    assert_eq!(success(&stage.call(invocation("1")).await), "\"yes\"");
    stage.leave().await
}

async fn measured(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    let code = "import time\ndef handler(event, context): time.sleep(0.05)\n";
    let stage = Stage::set(linux, function, &[("index.py", code)])?;
    let number = |report: &str, field: &str| -> f64 {
        let (_, after) = report.split_once(field).unwrap_or_else(|| panic!("no {field} in {report}"));
        after.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let report = tail(&stage.call(invocation("1")).await).pop().expect("a report");
    let (took, billed, init) =
        (number(&report, "\tDuration: "), number(&report, "Billed Duration: "), number(&report, "Init Duration: "));
    assert!(took >= 50.0 && init > 1.0, "{report}");
    assert!((billed - (took + init).ceil()).abs() <= 1.0, "{report}");
    let peak = number(&report, "Max Memory Used: ");
    assert!((4.0..=128.0).contains(&peak), "{report}");
    let report = tail(&stage.call(invocation("1")).await).pop().expect("a report");
    assert!(!report.contains("Init Duration"), "{report}");
    stage.leave().await
}

async fn late_lines(linux: Arc<Linux>) -> Result<(), Failed> {
    let Some(function) = newest(&linux, Family::Python, "index.handler").await else { return Ok(()) };
    let code = "
import threading, time
def handler(event, context):
    threading.Thread(target=lambda: (time.sleep(0.05), print('a late line'))).start()
";
    let stage = Stage::set(linux, function, &[("index.py", code)])?;
    stage.call(invocation("1")).await;
    stage.house.logs.wait_for("a late line").await;
    let streams: Vec<_> = stage.house.logs.entries().into_iter().map(|entry| (entry.group, entry.stream)).collect();
    assert!(streams.iter().all(|(group, stream)| &**group == "/aws/lambda/f" && stream.contains("/[$LATEST]")));
    let messages = stage.house.logs.messages();
    let late = messages.iter().position(|message| message == "a late line\n");
    assert!(late > messages.iter().position(|message| message.starts_with("REPORT")), "{messages:?}");
    stage.leave().await
}

fn wrapped_by(script: &str) -> (String, String) {
    ("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), script.to_owned())
}
