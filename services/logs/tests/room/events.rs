//! `PutLogEvents` and `GetLogEvents`.

use serde_json::{Value, json};

use crate::harness::{DAY_MS, Room, START_MS, messages};

#[tokio::test]
async fn what_was_put_is_got() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let answer = room.put("g", "s", &[(-2, "hello"), (-1, "灯籠 – lumière")]).await;
    assert_eq!(answer["nextSequenceToken"].as_str().map(str::len), Some(56));
    let got = room.call("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    let expected = json!([
        {"timestamp": START_MS - 2, "message": "hello", "ingestionTime": START_MS},
        {"timestamp": START_MS - 1, "message": "灯籠 – lumière", "ingestionTime": START_MS},
    ]);
    assert_eq!(got["events"], expected);
    for (token, start) in [("nextForwardToken", "f/"), ("nextBackwardToken", "b/")] {
        let token = got[token].as_str().expect("a token");
        assert!(token.starts_with(start) && token.ends_with("/s") && token.len() == 60, "{token}");
    }
}

#[tokio::test]
async fn refusals_are_awss() {
    let room = Room::new();
    let put = |events: Value| json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events});
    let one = put(json!([{"timestamp": START_MS, "message": "x"}]));
    assert_eq!(room.refused("PutLogEvents", one.clone()).await.1, "The specified log group does not exist.");
    room.call("CreateLogGroup", json!({"logGroupName": "g"})).await;
    assert_eq!(
        room.refused("PutLogEvents", one).await,
        ("ResourceNotFoundException".into(), "The specified log stream does not exist.".into())
    );
    let get = json!({"logGroupName": "g", "logStreamName": "s"});
    assert_eq!(room.refused("GetLogEvents", get.clone()).await.1, "The specified log stream does not exist.");
    room.call("CreateLogStream", get).await;
    let backwards = json!([{"timestamp": START_MS, "message": "x"}, {"timestamp": START_MS - 1, "message": "y"}]);
    assert_eq!(
        room.refused("PutLogEvents", put(backwards)).await,
        (
            "InvalidParameterException".into(),
            "Log events in a single PutLogEvents request must be in chronological order.".into()
        )
    );
    let apart = json!([{"timestamp": START_MS - DAY_MS - 1, "message": "x"}, {"timestamp": START_MS, "message": "y"}]);
    assert_eq!(
        room.refused("PutLogEvents", put(apart)).await.1,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    );
    let large = json!([{"timestamp": START_MS, "message": "x".repeat(1024 * 1024 - 25)}]);
    assert_eq!(
        room.refused("PutLogEvents", put(large)).await.1,
        "Upload too large: 1048577 bytes exceeds limit of 1048576"
    );
    let token = json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "invalid-token"});
    assert_eq!(
        room.refused("GetLogEvents", token).await,
        ("InvalidParameterException".into(), "The specified nextToken is invalid.".into())
    );
    let many = json!({"logGroupName": "g", "logStreamName": "s", "limit": 10001});
    assert_eq!(
        room.refused("GetLogEvents", many).await,
        (
            "InvalidParameterException".into(),
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: \
             Member must have value less than or equal to 10000"
                .into()
        )
    );
}

#[tokio::test]
async fn events_out_of_time_are_left_out_and_said_so() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let answer = room.put("g", "s", &[(-15 * DAY_MS, "old"), (-1, "good"), (DAY_MS, "new")]).await;
    let expected = json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2});
    assert_eq!(answer["rejectedLogEventsInfo"], expected);
    room.call("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})).await;
    let answer = room.put("g", "s", &[(-2 * DAY_MS, "expired"), (0, "fresh")]).await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"expiredLogEventEndIndex": 1}));
    let got = room.call("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&got), ["good", "fresh"]);
}

#[tokio::test]
async fn a_full_request_is_taken() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let events: Vec<(i64, &str)> = (0..10_000).map(|at| (at - 10_000, "x")).collect();
    room.put("g", "s", &events).await;
    let got = room.call("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&got).len(), 10_000);
    room.put("g", "s", &[(0, &"y".repeat(1024 * 1024 - 26))]).await;
    let got = room.call("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&got).len(), 1, "an answer holds a megabyte, and one event in any case");
}

#[tokio::test]
async fn start_is_within_and_end_is_not() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    room.put("g", "s", &[(1, "a"), (2, "b"), (3, "c")]).await;
    let get = |start: i64, end: i64| json!({"logGroupName": "g", "logStreamName": "s", "startTime": START_MS + start, "endTime": START_MS + end});
    assert_eq!(messages(&room.call("GetLogEvents", get(1, 3)).await), ["a", "b"]);
    assert_eq!(messages(&room.call("GetLogEvents", get(2, 2)).await), Vec::<String>::new());
}

#[tokio::test]
async fn tokens_walk_both_ways_and_stand_still_at_the_ends() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let texts: Vec<String> = (0..25).map(|at| format!("{at:02}")).collect();
    for (at, text) in texts.iter().enumerate() {
        room.put("g", "s", &[(i64::try_from(at / 3).expect("small"), text)]).await;
    }
    let get = |more: Value| {
        let mut input = json!({"logGroupName": "g", "logStreamName": "s", "limit": 10});
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        input
    };
    let head = room.call("GetLogEvents", get(json!({"startFromHead": true}))).await;
    assert_eq!(messages(&head), texts[..10]);
    let tail = room.call("GetLogEvents", get(json!({}))).await;
    assert_eq!(messages(&tail), texts[15..]);

    let mut page = head.clone();
    let mut walked = messages(&head);
    loop {
        let token = page["nextForwardToken"].clone();
        page = room.call("GetLogEvents", get(json!({"nextToken": token}))).await;
        walked.extend(messages(&page));
        if page["nextForwardToken"] == token {
            break;
        }
    }
    assert_eq!(walked, texts);

    let end = page["nextForwardToken"].clone();
    room.put("g", "s", &[(100, "late")]).await;
    let late = room.call("GetLogEvents", get(json!({"nextToken": end}))).await;
    assert_eq!(messages(&late), ["late"], "a token at the end finds what came since");

    let before = room.call("GetLogEvents", get(json!({"nextToken": tail["nextBackwardToken"]}))).await;
    assert_eq!(messages(&before), texts[5..15]);
    let first = room.call("GetLogEvents", get(json!({"nextToken": before["nextBackwardToken"]}))).await;
    assert_eq!(messages(&first), texts[..5]);
    let none = room.call("GetLogEvents", get(json!({"nextToken": first["nextBackwardToken"]}))).await;
    assert_eq!(messages(&none), Vec::<String>::new());
    assert_eq!(none["nextBackwardToken"], first["nextBackwardToken"]);
}

#[tokio::test]
async fn an_empty_streams_token_finds_what_comes() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let empty = room.call("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&empty), Vec::<String>::new());
    room.put("g", "s", &[(0, "first")]).await;
    let input = json!({"logGroupName": "g", "logStreamName": "s", "nextToken": empty["nextForwardToken"]});
    assert_eq!(messages(&room.call("GetLogEvents", input).await), ["first"]);
}

#[tokio::test]
async fn an_entity_is_refused_but_its_events_are_not() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let input = json!({
        "logGroupName": "g", "logStreamName": "s",
        "logEvents": [{"timestamp": START_MS, "message": "x"}],
        "entity": {"keyAttributes": {"Type": "Service", "Name": "n"}},
    });
    let answer = room.call("PutLogEvents", input).await;
    assert_eq!(answer["rejectedEntityInfo"], json!({"errorType": "UnsupportedLogGroupType"}));
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["x"]);
}
