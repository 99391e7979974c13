//! Whatever is written in whatever order, reads find all of it, in order, in any pages.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::harness::{Room, messages};

/// One request: which stream, and the events' times from now in ms.
type Put = (usize, Vec<i64>);

const STREAMS: [&str; 3] = ["a", "b", "c"];

fn puts() -> impl Strategy<Value = Vec<Put>> {
    // Times collide often, and batches overlap, touch and lie far apart.
    let time = prop_oneof![3 => 0i64..40, 2 => 0i64..40_000, 1 => 0i64..3_000_000];
    let put = (0..STREAMS.len(), prop::collection::vec(time.prop_map(|ms| -ms), 1..8));
    prop::collection::vec(put, 1..14)
}

#[test]
fn reads_find_everything_in_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let cases = (puts(), 1usize..6, prop::option::of(0i64..40_000), prop::option::of(0i64..40_000));
    runner
        .run(&cases, |(puts, limit, start, end)| {
            runtime.block_on(check(puts, limit, start.map(|ms| -ms), end.map(|ms| -ms)))
        })
        .expect("reads find everything");
}

async fn check(puts: Vec<Put>, limit: usize, start: Option<i64>, end: Option<i64>) -> Result<(), TestCaseError> {
    let room = Room::new();
    let now_ms = room.now_ms();
    let mut model: Vec<(i64, usize, String)> = Vec::new();
    for stream in STREAMS {
        room.write("g", stream, &["made"]);
    }
    model.extend(STREAMS.iter().enumerate().map(|(stream, _)| (0, stream, "made".to_owned())));
    room.logs.flush().await.expect("stored");
    for (number, (stream, mut times)) in puts.into_iter().enumerate() {
        times.sort_unstable();
        let texts: Vec<String> = (0..times.len()).map(|at| format!("{number}.{at}")).collect();
        let events: Vec<(i64, &str)> = times.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        room.put("g", STREAMS[stream], &events).await;
        model.extend(times.iter().copied().zip(texts).map(|(time, text)| (time, stream, text)));
    }
    // Stable: events of one time are in the order of their coming.
    model.sort_by_key(|event| event.0);
    let start = start.unwrap_or(-4_000_000);
    let end = end.unwrap_or(0);
    let (start_ms, end_ms) = (now_ms + start, now_ms + end);

    for wanted in [None, Some(0), Some(2)] {
        let within = |event: &&(i64, usize, String)| {
            (start..=end).contains(&event.0) && wanted.is_none_or(|wanted| wanted == event.1)
        };
        let mut expected: Vec<String> = model.iter().filter(within).map(|event| event.2.clone()).collect();
        let mut input = json!({"logGroupName": "g", "limit": limit, "startTime": start_ms, "endTime": end_ms});
        if let Some(wanted) = wanted {
            input["logStreamNames"] = json!([STREAMS[wanted]]);
        }
        prop_assert_eq!(room.filter(input.clone()).await, expected.clone());
        input["startFromHead"] = json!(false);
        expected.reverse();
        prop_assert_eq!(room.filter(input).await, expected);
    }
    let within = |event: &&(i64, usize, String)| (start..end).contains(&event.0) && event.1 == 1;
    let expected: Vec<String> = model.iter().filter(within).map(|event| event.2.clone()).collect();
    let input = json!({
        "logGroupName": "g", "logStreamName": STREAMS[1], "limit": limit, "startTime": start_ms, "endTime": end_ms,
    });
    prop_assert_eq!(walk(&room, input.clone(), true).await, expected.clone());
    prop_assert_eq!(walk(&room, input, false).await, expected);
    Ok(())
}

/// All pages of `GetLogEvents`, put together in order.
async fn walk(room: &Room, mut input: Value, forward: bool) -> Vec<String> {
    input["startFromHead"] = json!(forward);
    let token = if forward { "nextForwardToken" } else { "nextBackwardToken" };
    let mut found: Vec<String> = Vec::new();
    loop {
        let page = room.call("GetLogEvents", input.clone()).await;
        let texts = messages(&page);
        found = if forward { [found, texts].concat() } else { [texts, found].concat() };
        if input.get("nextToken") == Some(&page[token]) {
            return found;
        }
        input["nextToken"] = page[token].clone();
    }
}
