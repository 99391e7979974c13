//! The Node.js bootstrap, held to what AWS's does.

use lanthorn_model::function::{Function, LogFormat};
use lanthorn_model::limits;
use lanthorn_model::runtime::Family;
use serde_json::{Value, json};

use super::Stage;
use crate::support::logs::mask;
use crate::support::{failure, invocation, success, tail};

async fn node(code: &str) -> Option<Stage> {
    node_with(code, |_| {}).await
}

async fn node_with(code: &str, change: impl FnOnce(&mut Function)) -> Option<Stage> {
    Stage::set(Family::NodeJs, "index.handler", &[("index.js", code)], change).await
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn every_kind_of_handler_answers() {
    let code = "
let calls = 0;
exports.handler = (event, context, callback) => {
  calls += 1;
  switch (event) {
    case 'async': return Promise.resolve({ calls });
    case 'callback': setTimeout(() => callback(null, 'called back'), 5); return;
    case 'at once': context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000).unref();
      setTimeout(() => {}, 60000); callback(null, 'did not wait'); return;
    case 'succeed': context.succeed('succeeded'); return;
    case 'done': context.done(null, 'done'); return;
    case 'nothing': return 'a value that is not a promise';
    case 'never': return new Promise(() => {});
    case 'undefined': return Promise.resolve(undefined);
  }
};
";
    let Some(stage) = node(code).await else { return };
    let cases = [
        ("async", r#"{"calls":1}"#),
        ("callback", "\"called back\""),
        ("succeed", "\"succeeded\""),
        ("done", "\"done\""),
        ("nothing", "null"),
        ("never", "null"),
        ("undefined", "null"),
        ("at once", "\"did not wait\""),
    ];
    for (event, expected) in cases {
        let completion = stage.call(invocation(&format!("\"{event}\""))).await;
        assert_eq!(success(&completion), expected, "for {event}");
    }
    stage.leave().await;
}

#[tokio::test]
async fn common_js_and_es_modules_are_found() {
    let check = async |handler: &str, files: &[(&str, &str)]| {
        let Some(stage) = Stage::set(Family::NodeJs, handler, files, |_| {}).await else { return };
        assert_eq!(success(&stage.call(invocation("{}")).await), "\"found\"", "for {handler} in {files:?}");
        stage.leave().await;
    };
    let es = "export const handler = async () => 'found';\n";
    let common = "exports.handler = async () => 'found';\n";
    check("index.handler", &[("index.mjs", es)]).await;
    check("index.handler", &[("index.js", es), ("package.json", r#"{"type":"module"}"#)]).await;
    check("index.handler", &[("index.cjs", common)]).await;
    check("src/deep/index.handler", &[("src/deep/index.js", common)]).await;
    check("index.outer.inner", &[("index.js", "exports.outer = { inner: async () => 'found' };\n")]).await;
    check("index.handler", &[("node_modules/index/index.js", common)]).await;
    check("index.handler", &[("index.mjs", "await Promise.resolve();\nexport const handler = async () => 'found';\n")])
        .await;
}

#[tokio::test]
async fn the_context_is_complete() {
    let code = "
exports.handler = async (event, context) => ({
  request: context.awsRequestId, name: context.functionName, version: context.functionVersion,
  arn: context.invokedFunctionArn, memory: context.memoryLimitInMB, group: context.logGroupName,
  stream: context.logStreamName === process.env.AWS_LAMBDA_LOG_STREAM_NAME, waits: context.callbackWaitsForEmptyEventLoop,
  client: context.clientContext, left: context.getRemainingTimeInMillis() > 0, trace: process.env._X_AMZN_TRACE_ID,
  hidden: Object.keys(process.env).filter((name) => name.includes('LANTHORN')), event,
});
";
    let Some(stage) = node(code).await else { return };
    let mut call = invocation(r#"{"ä":[1,null]}"#);
    call.client_context = Some(r#"{"custom":{"k":"v"}}"#.into());
    let (id, trace) = (call.id, call.trace.clone().expect("traced"));
    let completion = stage.call(call).await;
    let expected = json!({
        "request": id.to_string(), "name": "f", "version": "$LATEST",
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "memory": "128", "group": "/aws/lambda/f",
        "stream": true, "waits": true, "client": {"custom": {"k": "v"}}, "left": true, "trace": &*trace,
        "hidden": [], "event": {"ä": [1, null]},
    });
    assert_eq!(parse(success(&completion)), expected);
    stage.leave().await;
}

#[tokio::test]
async fn errors_are_told_to_the_caller_and_to_the_log() {
    let code = "
class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; this.code = 'E1'; } }
exports.handler = (event, context, callback) => {
  if (event === 'async') return Promise.reject(new MyError('rejected'));
  if (event === 'sync') throw new TypeError('thrown');
  if (event === 'callback') callback(new Error('called back'));
  if (event === 'text') callback('only text');
  if (event === 'circular') { const a = {}; a.a = a; return Promise.resolve(a); }
};
";
    let Some(stage) = node(code).await else { return };
    let cases = [
        ("async", "MyError", "rejected"),
        ("sync", "TypeError", "thrown"),
        ("callback", "Error", "called back"),
        ("text", "string", "only text"),
        ("circular", "Error", "Unable to stringify response body"),
    ];
    for (event, error_type, message) in cases {
        let completion = stage.call(invocation(&format!("\"{event}\""))).await;
        let payload = failure(&completion);
        let start = format!(r#"{{"errorType":"{error_type}","errorMessage":"{message}","trace":["#);
        assert!(payload.starts_with(&start), "{payload}");
        let line = mask(&tail(&completion)[1]);
        assert!(line.starts_with("TIME\tID\tERROR\tInvoke Error \t"), "{line}");
    }
    let completion = stage.call(invocation("\"async\"")).await;
    let logged = tail(&completion)[1].split('\t').next_back().map(parse).expect("the error");
    assert_eq!((&logged["errorType"], &logged["code"]), (&json!("MyError"), &json!("E1")));
    assert_eq!(logged["stack"][0], "MyError: rejected");
    stage.leave().await;
}

#[tokio::test]
async fn the_console_writes_awss_lines() {
    let code = "
exports.handler = async () => {
  console.log('plain %d', 1);
  console.error('two\\nlines', { a: 1 });
  console.debug({});
  console.warn('careful');
  process.stdout.write('raw\\n');
};
";
    let Some(stage) = node(code).await else { return };
    let completion = stage.call(invocation("{}")).await;
    assert_eq!(success(&completion), "null");
    let messages = stage.house.logs.messages();
    let from = messages.iter().position(|message| message.starts_with("START")).expect("started");
    let expected = [
        "TIME\tID\tINFO\tplain 1\n",
        "TIME\tID\tERROR\ttwo\nlines { a: 1 }\n",
        "TIME\tID\tDEBUG\t{}\n",
        "TIME\tID\tWARN\tcareful\n",
        "raw\n",
    ];
    assert_eq!(messages[from + 1..messages.len() - 2], expected);
    stage.leave().await;
}

#[tokio::test]
async fn what_nobody_catches_ends_the_process() {
    let code = "
let calls = 0;
exports.handler = async (event) => {
  calls += 1;
  if (event === 'rejection') { Promise.reject(new Error('forgotten')); await new Promise((r) => setTimeout(r, 1000)); }
  if (event === 'exception') { setTimeout(() => { throw new RangeError('later'); }, 1); await new Promise((r) => setTimeout(r, 1000)); }
  if (event === 'exit') process.exit(3);
  return calls;
};
";
    let Some(stage) = node(code).await else { return };
    let cases =
        [("rejection", "Runtime.UnhandledPromiseRejection", "Error: forgotten"), ("exception", "RangeError", "later")];
    for (event, error_type, message) in cases {
        let completion = stage.call(invocation(&format!("\"{event}\""))).await;
        let payload = parse(failure(&completion));
        assert_eq!((&payload["errorType"], &payload["errorMessage"]), (&json!(error_type), &json!(message)));
        assert_eq!(success(&stage.call(invocation("1")).await), "1", "a fresh process");
    }
    let completion = stage.call(invocation("\"exit\"")).await;
    assert!(failure(&completion).contains("Runtime exited with error: exit status 3"));
    stage.leave().await;
}

#[tokio::test]
async fn what_cannot_be_loaded_is_told_in_awss_words() {
    let check = async |handler: &str, code: &str, error_type: &str, message: &str| {
        let Some(stage) = Stage::set(Family::NodeJs, handler, &[("index.js", code)], |_| {}).await else { return };
        let completion = stage.call(invocation("{}")).await;
        let payload = parse(failure(&completion));
        assert_eq!(payload["errorType"], error_type, "{payload}");
        assert!(payload["errorMessage"].as_str().expect("text").starts_with(message), "{payload}");
        let messages = stage.house.logs.messages();
        assert!(messages.iter().any(|line| line.starts_with("TIME\tundefined\tERROR\tUncaught Exception \t")));
        stage.leave().await;
    };
    let good = "exports.handler = async () => 1; exports.text = 'x';\n";
    check("missing.handler", good, "Runtime.ImportModuleError", "Error: Cannot find module 'missing'").await;
    check(
        "index.handler",
        "require('nothing-like-it');\n",
        "Runtime.ImportModuleError",
        "Error: Cannot find module 'nothing-like-it'",
    )
    .await;
    check("index.other", good, "Runtime.HandlerNotFound", "index.other is undefined or not exported").await;
    check("index.text", good, "Runtime.HandlerNotFound", "index.text is not a function").await;
    check("index", good, "Runtime.MalformedHandlerName", "Bad handler").await;
    check("index.handler", "exports.handler = (\n", "Runtime.UserCodeSyntaxError", "SyntaxError: ").await;
    check("index.handler", "throw new TypeError('while loading');\n", "TypeError", "while loading").await;
}

#[tokio::test]
async fn large_events_and_answers_pass_and_too_large_ones_do_not() {
    let code = "exports.handler = async (event) => typeof event === 'number' ? 'x'.repeat(event) : event.length;\n";
    let Some(stage) = node_with(code, |function| function.configuration.timeout_s = 30).await else { return };
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
exports.handler = async () => {
  console.debug('not said');
  console.info('hello %s', 'you');
  console.warn({ order: 7 });
  console.error('failed', new TypeError('inside'));
  throw new RangeError('at last');
};
";
    let json_format = |function: &mut Function| {
        let (application, system) = ("INFO".to_owned(), "INFO".to_owned());
        function.configuration.logging.format = LogFormat::Json { application, system };
    };
    let Some(stage) = node_with(code, json_format).await else { return };
    let completion = stage.call(invocation("{}")).await;
    failure(&completion);
    let objects: Vec<Value> =
        stage.house.logs.entries().iter().filter_map(|entry| serde_json::from_str(&entry.message).ok()).collect();
    let of = |level: &str| objects.iter().filter(|object| object["level"] == level).collect::<Vec<_>>();
    assert_eq!(of("INFO")[0]["message"], "hello you");
    assert!(of("INFO")[0]["requestId"].is_string());
    assert_eq!(of("WARN")[0]["message"], json!({"order": 7}));
    assert_eq!(
        (&of("ERROR")[0]["errorType"], &of("ERROR")[0]["errorMessage"]),
        (&json!("TypeError"), &json!("inside"))
    );
    assert_eq!(of("ERROR")[1]["message"]["errorMessage"], "at last");
    assert!(of("DEBUG").is_empty());
    stage.leave().await;
}
