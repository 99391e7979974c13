//! The Python bootstrap, held to what AWS's does.

use lanthorn_model::function::{Function, LogFormat};
use lanthorn_model::limits;
use lanthorn_model::runtime::Family;
use serde_json::{Value, json};

use super::Stage;
use crate::support::logs::mask;
use crate::support::{failure, invocation, success, tail};

async fn python(code: &str) -> Option<Stage> {
    python_with(code, |_| {}).await
}

async fn python_with(code: &str, change: impl FnOnce(&mut Function)) -> Option<Stage> {
    Stage::set(Family::Python, "handler.handler", &[("handler.py", code)], change).await
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn every_python_of_this_host_runs_a_handler_and_keeps_its_globals() {
    let code = "
import sys
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return {'calls': calls, 'event': event, 'version': '%d.%d' % sys.version_info[:2]}
";
    let Some(stage) = python(code).await else { return };
    let available = stage.house.rooms.runtimes.available();
    let pythons = available.iter().filter(|(runtime, _)| runtime.family() == Family::Python);
    for (runtime, _) in pythons {
        let version = runtime.version().to_owned();
        let function = crate::support::function(runtime.as_str(), "handler.handler");
        let handle = lanthorn_environment::start(&stage.house.rooms, std::sync::Arc::new(function));
        for calls in 1..=2 {
            let completion = handle.invoke(invocation(r#"{"a": "ä"}"#)).await.expect("taken");
            let expected = json!({"calls": calls, "event": {"a": "ä"}, "version": version});
            assert_eq!(parse(success(&completion)), expected, "{runtime}");
        }
        handle.retire();
        handle.gone().await;
    }
    stage.leave().await;
}

#[tokio::test]
async fn the_context_is_complete() {
    let code = "
import os
def handler(event, context):
    return {
        'request': context.aws_request_id, 'name': context.function_name, 'version': context.function_version,
        'arn': context.invoked_function_arn, 'memory': context.memory_limit_in_mb,
        'group': context.log_group_name, 'stream': context.log_stream_name == os.environ['AWS_LAMBDA_LOG_STREAM_NAME'],
        'identity': [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
        'title': context.client_context.client.app_title, 'custom': context.client_context.custom,
        'env': context.client_context.env,
        'left': 0 < context.get_remaining_time_in_millis() <= 3000, 'trace': os.environ['_X_AMZN_TRACE_ID'],
        'hidden': [name for name in os.environ if 'LANTHORN' in name],
    }
";
    let Some(stage) = python(code).await else { return };
    let mut call = invocation("{}");
    call.client_context = Some(r#"{"client":{"app_title":"t"},"custom":{"k":"v"},"env":{"e":"f"}}"#.into());
    let (id, trace) = (call.id, call.trace.clone().expect("traced"));
    let completion = stage.call(call).await;
    let expected = json!({
        "request": id.to_string(), "name": "f", "version": "$LATEST",
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "memory": "128",
        "group": "/aws/lambda/f", "stream": true, "identity": [null, null],
        "title": "t", "custom": {"k": "v"}, "env": {"e": "f"},
        "left": true, "trace": &*trace, "hidden": [],
    });
    assert_eq!(parse(success(&completion)), expected);
    stage.leave().await;
}

#[tokio::test]
async fn answers_are_serialised_as_aws_does() {
    let code = "
from decimal import Decimal
values = {
    'nothing': None, 'text': 'ä\"', 'nested': {'a': [1, 2.5, True]}, 'nan': float('nan'), 'decimal': Decimal(1),
    'bytes': b'x', 'surrogate': '\\ud800',
}
def handler(event, context):
    return values[event]
";
    let Some(stage) = python(code).await else { return };
    for (value, expected) in
        [("nothing", "null"), ("nested", r#"{"a": [1, 2.5, true]}"#), ("nan", "NaN"), ("text", r#""ä\"""#)]
    {
        let completion = stage.call(invocation(&format!("\"{value}\""))).await;
        assert_eq!(success(&completion), expected);
    }
    for (value, message) in [
        ("decimal", "Unable to marshal response: Object of type Decimal is not JSON serializable"),
        ("bytes", "Unable to marshal response: Object of type bytes is not JSON serializable"),
    ] {
        let call = invocation(&format!("\"{value}\""));
        let id = call.id;
        let completion = stage.call(call).await;
        assert_eq!(
            failure(&completion),
            format!(
                r#"{{"errorMessage": "{message}", "errorType": "Runtime.MarshalError", "requestId": "{id}", "stackTrace": []}}"#
            )
        );
    }
    let completion = stage.call(invocation("\"surrogate\"")).await;
    assert!(failure(&completion).contains("Runtime.MarshalError"));
    stage.leave().await;
}

#[tokio::test]
async fn an_exception_is_told_to_the_caller_and_to_the_log() {
    let code = "class CustomException(Exception):\n    pass\n\ndef handler(event, context):\n    deeper()\n\ndef deeper():\n    raise CustomException(\"some error occurred\")\n";
    let Some(stage) = python(code).await else { return };
    let call = invocation("{}");
    let id = call.id;
    let completion = stage.call(call).await;
    let file = stage.house.task.join("handler.py");
    let file = file.display();
    let expected = format!(
        r#"{{"errorMessage": "some error occurred", "errorType": "CustomException", "requestId": "{id}", "stackTrace": ["  File \"{file}\", line 5, in handler\n    deeper()\n", "  File \"{file}\", line 8, in deeper\n    raise CustomException(\"some error occurred\")\n"]}}"#
    );
    assert_eq!(failure(&completion), expected);
    let event = format!(
        "[ERROR] CustomException: some error occurred\nTraceback (most recent call last):\n\
         \u{a0}\u{a0}File \"{file}\", line 5, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}deeper()\n\
         \u{a0}\u{a0}File \"{file}\", line 8, in deeper\n\u{a0}\u{a0}\u{a0}\u{a0}raise CustomException(\"some error occurred\")"
    );
    assert!(stage.house.logs.entries().iter().any(|entry| entry.message == event));
    let report = tail(&completion).pop().expect("a report");
    assert!(!report.contains("Status"), "{report}");
    stage.leave().await;
}

#[tokio::test]
async fn printing_and_logging_keep_their_order() {
    let code = "
import logging, sys, subprocess
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print('printed')
    logging.info('logged')
    logging.info('logged\\nin lines')
    subprocess.run(['echo', 'by a child'])
    print('to the error output', file=sys.stderr)
    sys.stdout.write('without newline')
";
    let Some(stage) = python(code).await else { return };
    let completion = stage.call(invocation("{}")).await;
    let id = tail(&completion)[0].split(' ').nth(2).expect("an id").to_owned();
    let messages: Vec<_> = stage.house.logs.entries().into_iter().map(|entry| entry.message).collect();
    let from = messages.iter().position(|message| message.starts_with("START")).expect("started");
    let masked: Vec<_> = messages[from + 1..messages.len() - 2].iter().map(|message| mask(message)).collect();
    let expected = [
        "printed\n",
        "[INFO]\tTIME\tID\tlogged\n",
        "[INFO]\tTIME\tID\tlogged\nin lines\n",
        "by a child\n",
        "to the error output\n",
        "without newline",
    ];
    assert_eq!(masked, expected);
    assert!(messages[from + 2].contains(&id));
    stage.leave().await;
}

#[tokio::test]
async fn what_cannot_be_loaded_is_told_in_awss_words() {
    let check = async |handler: &str, files: &[(&str, &str)], error_type: &str, message: &str| {
        let Some(stage) = Stage::set(Family::Python, handler, files, |_| {}).await else { return };
        let completion = stage.call(invocation("{}")).await;
        let payload = parse(failure(&completion));
        assert_eq!((payload["errorType"].as_str(), payload["requestId"].as_str()), (Some(error_type), Some("")));
        assert_eq!(payload["errorMessage"].as_str(), Some(message));
        let report = tail(&completion).pop().expect("a report");
        let shown = if error_type.starts_with("Runtime.") { error_type } else { "Runtime.Unknown" };
        assert!(report.ends_with(&format!("Status: error\tError Type: {shown}")), "{report}");
        stage.leave().await;
    };
    let good = [("handler.py", "def handler(event, context): pass\n")];
    check(
        "missing.handler",
        &good,
        "Runtime.ImportModuleError",
        "Unable to import module 'missing': No module named 'missing'",
    )
    .await;
    check("handler.other", &good, "Runtime.HandlerNotFound", "Handler 'other' missing on module 'handler'").await;
    check(
        "handler",
        &good,
        "Runtime.MalformedHandlerName",
        "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
    )
    .await;
    check(
        "handler.handler",
        &[("handler.py", "import nothing_like_it\n")],
        "Runtime.ImportModuleError",
        "Unable to import module 'handler': No module named 'nothing_like_it'",
    )
    .await;
    check("handler.handler", &[("handler.py", "raise ValueError('while loading')\n")], "ValueError", "while loading")
        .await;
}

#[tokio::test]
async fn a_syntax_error_and_a_module_in_a_directory_are_found() {
    let Some(stage) = python("def handler(event, context)\n").await else { return };
    let completion = stage.call(invocation("{}")).await;
    let payload = parse(failure(&completion));
    assert_eq!(payload["errorType"], "Runtime.UserCodeSyntaxError");
    assert!(payload["errorMessage"].as_str().expect("text").starts_with("Syntax error in module 'handler': "));
    stage.leave().await;

    let files =
        [("a/__init__.py", ""), ("a/b/__init__.py", ""), ("a/b/c.py", "def handler(event, context): return 'found'\n")];
    let Some(stage) = Stage::set(Family::Python, "a/b/c.handler", &files, |_| {}).await else { return };
    assert_eq!(success(&stage.call(invocation("{}")).await), "\"found\"");
    stage.leave().await;
}

#[tokio::test]
async fn the_recorded_trace_of_a_module_that_raises_has_no_frame_of_ours() {
    let Some(stage) = python("raise Exception(\"Runtime startup fails\")\n").await else { return };
    let completion = stage.call(invocation("{}")).await;
    let payload = parse(failure(&completion));
    let trace = payload["stackTrace"].as_array().expect("a list");
    let first = trace[0].as_str().expect("text");
    assert!(first.contains("importlib/__init__.py") && first.contains("in import_module"), "{first}");
    let file = stage.house.task.join("handler.py");
    let last =
        format!("  File \"{}\", line 1, in <module>\n    raise Exception(\"Runtime startup fails\")\n", file.display());
    assert_eq!(trace.last().and_then(Value::as_str), Some(last.as_str()));
    stage.leave().await;
}

#[tokio::test]
async fn leaving_by_exit_ends_the_environment_and_the_next_call_starts_afresh() {
    let code = "
import os, sys
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event == 'sys.exit': sys.exit(1)
    if event == 'exit': exit(0)
    if event == 'kill': os.kill(os.getpid(), 11)
    return calls
";
    let Some(stage) = python(code).await else { return };
    let cases = [
        ("sys.exit", "Runtime exited with error: exit status 1"),
        ("exit", "Runtime exited without providing a reason"),
        ("kill", "Runtime exited with error: signal: segmentation fault"),
    ];
    for (event, message) in cases {
        let completion = stage.call(invocation(&format!("\"{event}\""))).await;
        let payload = parse(failure(&completion));
        assert_eq!(payload["errorType"], "Runtime.ExitError");
        assert!(payload["errorMessage"].as_str().expect("text").ends_with(message), "{payload}");
        assert_eq!(success(&stage.call(invocation("1")).await), "1");
    }
    stage.leave().await;
}

#[tokio::test]
async fn a_time_out_kills_the_process() {
    let code = "
import os, time
def handler(event, context):
    if event == 'sleep':
        print('tired', end='')
        time.sleep(60)
    return os.getpid()
";
    let Some(stage) = python_with(code, |function| function.configuration.timeout_s = 1).await else { return };
    let first = success(&stage.call(invocation("1")).await).to_owned();
    let completion = stage.call(invocation("\"sleep\"")).await;
    assert!(failure(&completion).contains("Task timed out after 1.00 seconds"));
    let lines = tail(&completion);
    assert_eq!(lines[1], "tired");
    assert!(lines[2].ends_with("Task timed out after 1.00 seconds"), "{}", lines[2]);
    assert_ne!(success(&stage.call(invocation("1")).await), first);
    stage.leave().await;
}

#[tokio::test]
async fn large_events_and_answers_pass_and_too_large_ones_do_not() {
    let code = "def handler(event, context): return 'x' * event if isinstance(event, int) else len(event)\n";
    let Some(stage) = python_with(code, |function| function.configuration.timeout_s = 30).await else { return };
    let longest = limits::SYNC_PAYLOAD_BYTES_MAX;
    let event = format!("\"{}\"", "x".repeat(longest - 2));
    assert_eq!(success(&stage.call(invocation(&event)).await), (longest - 2).to_string());
    let completion = stage.call(invocation(&(limits::RESPONSE_BYTES_MAX - 2).to_string())).await;
    assert_eq!(success(&completion).len(), limits::RESPONSE_BYTES_MAX);
    for _ in 0..2 {
        let completion = stage.call(invocation(&(limits::RESPONSE_BYTES_MAX - 1).to_string())).await;
        assert!(failure(&completion).contains("Function.ResponseSizeTooLarge"));
    }
    stage.leave().await;
}

#[tokio::test]
async fn with_json_log_lines_are_objects() {
    let code = "
import logging
def handler(event, context):
    logging.debug('not said')
    logging.info('hello %s', 'you', extra={'order': 7})
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception('failed')
    raise ValueError('at last')
";
    let json = |function: &mut Function| {
        let (application, system) = ("INFO".to_owned(), "INFO".to_owned());
        function.configuration.logging.format = LogFormat::Json { application, system };
    };
    let Some(stage) = python_with(code, json).await else { return };
    let completion = stage.call(invocation("{}")).await;
    failure(&completion);
    let objects: Vec<Value> =
        stage.house.logs.entries().iter().filter_map(|entry| serde_json::from_str(&entry.message).ok()).collect();
    let said = |message: &str| objects.iter().find(|object| object["message"] == message);
    let hello = said("hello you").expect("INFO");
    assert_eq!((&hello["level"], &hello["logger"], &hello["order"]), (&json!("INFO"), &json!("root"), &json!(7)));
    assert!(hello["requestId"].is_string() && hello["timestamp"].as_str().expect("text").ends_with('Z'));
    let failed = said("failed").expect("ERROR");
    assert_eq!(
        (&failed["errorType"], &failed["errorMessage"]),
        (&json!("ZeroDivisionError"), &json!("division by zero"))
    );
    assert!(failed["stackTrace"].as_array().is_some_and(|trace| !trace.is_empty()));
    assert!(said("not said").is_none());
    let last = objects.iter().find(|object| object["log_level"] == "ERROR").expect("the exception nobody caught");
    assert_eq!(last["errorMessage"], "at last");
    stage.leave().await;
}
