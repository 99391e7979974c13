//! The platform's writer: seen at once, bounded, and there after a restart.

use std::sync::Arc;
use std::time::Duration;

use lanthorn_logs::{Config, Dropped, Logs};
use serde_json::json;

use crate::harness::{Room, messages};

#[tokio::test]
async fn what_was_written_can_be_read_at_once() {
    let room = Room::new();
    room.write("/aws/lambda/f", "2027/01/15/[$LATEST]0", &["START\n", "hello\n"]);
    room.write("/aws/lambda/f", "2027/01/15/[$LATEST]0", &["END\n"]);
    assert_eq!(room.filter(json!({"logGroupName": "/aws/lambda/f"})).await, ["START\n", "hello\n", "END\n"]);

    room.write("/aws/lambda/f", "2027/01/15/[$LATEST]0", &["again\n"]);
    let input = json!({"logGroupName": "/aws/lambda/f", "logStreamName": "2027/01/15/[$LATEST]0", "limit": 1});
    assert_eq!(messages(&room.call("GetLogEvents", input).await), ["again\n"]);

    room.write("/aws/lambda/new", "s", &["x"]);
    let groups = room.call("DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"].as_array().map(Vec::len), Some(2));
    room.write("/aws/lambda/new", "t", &["x"]);
    let streams = room.call("DescribeLogStreams", json!({"logGroupName": "/aws/lambda/new"})).await;
    assert_eq!(streams["logStreams"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_was_stored_survives_a_restart() {
    let room = Room::new();
    room.write("/aws/lambda/f", "s", &["one", "two"]);
    room.put_to("/aws/lambda/f", "s").await;
    room.call("PutRetentionPolicy", json!({"logGroupName": "/aws/lambda/f", "retentionInDays": 7})).await;
    let before = room.call("FilterLogEvents", json!({"logGroupName": "/aws/lambda/f"})).await;
    let token = room.call("GetLogEvents", json!({"logGroupName": "/aws/lambda/f", "logStreamName": "s"})).await
        ["nextForwardToken"]
        .clone();

    let room = room.reopened();
    let after = room.call("FilterLogEvents", json!({"logGroupName": "/aws/lambda/f"})).await;
    assert_eq!(after, before, "the same events, by the same ids");
    let groups = room.call("DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"][0]["retentionInDays"], json!(7));
    room.clock.advance_ms(5);
    room.write("/aws/lambda/f", "s", &["three"]);
    let input = json!({"logGroupName": "/aws/lambda/f", "logStreamName": "s", "nextToken": token});
    assert_eq!(messages(&room.call("GetLogEvents", input).await), ["three"], "and a token is still good");
}

#[tokio::test]
async fn a_shutdown_stores_what_waits() {
    let room = Room::new();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(run(&room.logs, ended));
    room.write("g", "s", &["last words"]);
    end.send(()).expect("it runs");
    running.await.expect("it ended well");
    let writer = room.logs.writer();
    room.write("g", "s", &["too late"]);
    assert_eq!(writer.dropped(), Dropped { events: 1, bytes: 8 });
    drop(writer);
    let room = room.reopened();
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["last words"]);
}

fn run(logs: &Arc<Logs>, ended: tokio::sync::oneshot::Receiver<()>) -> impl Future<Output = ()> + Send + use<> {
    Arc::clone(logs).run(async {
        let _ = ended.await;
    })
}

#[tokio::test]
async fn the_flusher_stores_without_being_asked() {
    let room = Room::with(Config { flush_after: Duration::from_millis(1), ..Config::default() });
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(run(&room.logs, ended));
    room.write("g", "s", &["x"]);
    while room.logs.waiting() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Not ended: the restart finds it because it was stored before.
    running.abort();
    let _ = running.await;
    drop(end);
    let room = room.reopened();
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["x"]);
}

#[tokio::test]
async fn an_overflow_drops_counts_and_recovers() {
    let room = Room::with(Config { buffer_events_max: 10, ..Config::default() });
    let texts: Vec<String> = (0..25).map(|at| at.to_string()).collect();
    for text in &texts {
        room.write("g", "s", &[text]);
    }
    let writer = room.logs.writer();
    assert_eq!(writer.dropped().events, 15);
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, texts[..10]);
    room.write("g", "s", &["room again"]);
    assert_eq!(writer.dropped().events, 15);
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await.last().map(String::as_str), Some("room again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_lose_nothing() {
    let room = Room::with(Config { flush_after: Duration::from_millis(2), ..Config::default() });
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(run(&room.logs, ended));
    std::thread::scope(|threads| {
        for writer in 0..4 {
            let room = &room;
            threads.spawn(move || {
                for at in 0..300 {
                    room.write("g", &format!("s{writer}"), &[&format!("{at:03}")]);
                }
            });
        }
    });
    room.put_concurrently("g", "api", 40).await;
    end.send(()).expect("it runs");
    running.await.expect("it ended well");
    let room = room.reopened();
    for writer in 0..4 {
        let found = room.filter(json!({"logGroupName": "g", "logStreamNames": [format!("s{writer}")]})).await;
        assert_eq!(found, (0..300).map(|at| format!("{at:03}")).collect::<Vec<_>>());
    }
    let found = room.filter(json!({"logGroupName": "g", "logStreamNames": ["api"]})).await;
    assert_eq!(found.len(), 40);
}
