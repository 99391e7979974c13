//! `FilterLogEvents`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Room, START_MS, messages};

async fn three_streams() -> Room {
    let room = Room::new();
    room.with_stream("g", "a").await;
    for name in ["b", "other"] {
        room.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": name})).await;
    }
    room.put("g", "a", &[(1, "a1"), (4, "a4 ERROR"), (30_000, "a30000")]).await;
    room.put("g", "b", &[(2, "b2"), (3, "b3 ERROR")]).await;
    room.put("g", "other", &[(0, "o0"), (5, "o5")]).await;
    room
}

#[tokio::test]
async fn streams_are_interleaved_by_time() {
    let room = three_streams().await;
    let answer = room.call("FilterLogEvents", json!({"logGroupName": "g"})).await;
    assert_eq!(messages(&answer), ["o0", "a1", "b2", "b3 ERROR", "a4 ERROR", "o5", "a30000"]);
    assert_eq!(answer["searchedLogStreams"], json!([]));
    assert_eq!(answer.get("nextToken"), None);
    let event = &answer["events"][1];
    assert_eq!(event["logStreamName"], "a");
    assert_eq!(event["timestamp"], json!(START_MS + 1));
    assert_eq!(event["ingestionTime"], json!(START_MS));
    let ids: HashSet<&str> =
        answer["events"].as_array().expect("events").iter().filter_map(|event| event["eventId"].as_str()).collect();
    assert_eq!(ids.len(), 7, "every event has an id of its own");
    let again = room.call("FilterLogEvents", json!({"logGroupName": "g"})).await;
    assert_eq!(again["events"], answer["events"], "and keeps it");
}

#[tokio::test]
async fn streams_are_picked_by_name_and_prefix() {
    let room = three_streams().await;
    let named = json!({"logGroupName": "g", "logStreamNames": ["b", "other"]});
    assert_eq!(room.filter(named).await, ["o0", "b2", "b3 ERROR", "o5"]);
    assert_eq!(room.filter(json!({"logGroupName": "g", "logStreamNamePrefix": "o"})).await, ["o0", "o5"]);
    assert_eq!(room.filter(json!({"logGroupName": "g", "logStreamNamePrefix": "z"})).await, Vec::<String>::new());
    let missing = json!({"logGroupName": "g", "logStreamNames": ["b", "z"]});
    assert_eq!(room.refused("FilterLogEvents", missing).await.1, "The specified log stream does not exist.");
    let both = json!({"logGroupName": "g", "logStreamNames": ["b"], "logStreamNamePrefix": "o"});
    assert_eq!(room.refused("FilterLogEvents", both).await.0, "InvalidParameterException");
}

#[tokio::test]
async fn many_streams_are_picked_by_prefix_too() {
    let room = Room::new();
    for at in 0..120 {
        room.write("g", &format!("x{at:03}"), &[&format!("{at:03}")]);
    }
    room.write("g", "y", &["not this"]);
    let found = room.filter(json!({"logGroupName": "g", "logStreamNamePrefix": "x", "limit": 50})).await;
    let found: HashSet<String> = found.into_iter().collect();
    assert_eq!(found, (0..120).map(|at| format!("{at:03}")).collect());
}

#[tokio::test]
async fn both_ends_of_the_time_are_within() {
    let room = three_streams().await;
    let input = json!({"logGroupName": "g", "startTime": START_MS + 2, "endTime": START_MS + 4});
    assert_eq!(room.filter(input).await, ["b2", "b3 ERROR", "a4 ERROR"]);
    let late = json!({"logGroupName": "g", "startTime": START_MS + 20_000});
    assert_eq!(room.filter(late).await, ["a30000"]);
}

#[tokio::test]
async fn a_pattern_picks_events() {
    let room = three_streams().await;
    assert_eq!(room.filter(json!({"logGroupName": "g", "filterPattern": "ERROR"})).await, ["b3 ERROR", "a4 ERROR"]);
    assert_eq!(room.filter(json!({"logGroupName": "g", "filterPattern": "ERROR -b3"})).await, ["a4 ERROR"]);
    for (pattern, text) in
        [("{ $.a EXISTS }", "Invalid filter pattern"), ("\"ERROR", "Invalid character(s) in term '\"ERROR'")]
    {
        let refused = room.refused("FilterLogEvents", json!({"logGroupName": "g", "filterPattern": pattern})).await;
        assert_eq!(refused, ("InvalidParameterException".into(), text.into()));
    }
}

#[tokio::test]
async fn pages_and_directions_follow_the_token() {
    let room = three_streams().await;
    let forward = ["o0", "a1", "b2", "b3 ERROR", "a4 ERROR", "o5", "a30000"];
    assert_eq!(room.filter(json!({"logGroupName": "g", "limit": 2})).await, forward);
    let mut backward = forward;
    backward.reverse();
    assert_eq!(room.filter(json!({"logGroupName": "g", "limit": 2, "startFromHead": false})).await, backward);
    let early = json!({"logGroupName": "g", "startFromHead": false, "startTime": 1});
    assert_eq!(room.refused("FilterLogEvents", early).await.0, "InvalidParameterException");
    let invalid = json!({"logGroupName": "g", "nextToken": "invalid-token"});
    assert_eq!(
        room.refused("FilterLogEvents", invalid).await,
        ("InvalidParameterException".into(), "The specified nextToken is invalid.".into())
    );
}

#[tokio::test]
async fn a_group_goes_by_its_arn_too() {
    let room = three_streams().await;
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
    assert_eq!(room.filter(json!({"logGroupIdentifier": arn, "filterPattern": "o5"})).await, ["o5"]);
    let both = json!({"logGroupIdentifier": arn, "logGroupName": "g"});
    assert_eq!(room.refused("FilterLogEvents", both).await.0, "ValidationException");
    assert_eq!(room.refused("FilterLogEvents", json!({})).await.0, "ValidationException");
    let missing = json!({"logGroupName": "missing"});
    assert_eq!(room.refused("FilterLogEvents", missing).await.1, "The specified log group does not exist.");
}

/// What `aws logs tail --follow` does: page to the end, then ask again from the newest event's time on, and leave out
/// events whose ids it has seen.
#[tokio::test]
async fn following_a_group_tells_every_event_once() {
    let room = Room::new();
    room.write("/aws/lambda/f", "s", &["start"]);
    let mut input = json!({"logGroupName": "/aws/lambda/f", "interleaved": true, "startTime": START_MS - 600_000});
    let mut seen: HashSet<String> = HashSet::new();
    let mut told = Vec::new();
    let mut written = vec!["start".to_owned()];
    for round in 0..6 {
        let events = follow(&room, &mut input).await;
        for event in events {
            let id = event["eventId"].as_str().expect("an id").to_owned();
            input["startTime"] = event["timestamp"].clone();
            if seen.insert(id) {
                told.push(event["message"].as_str().expect("a message").to_owned());
            }
        }
        let text = format!("round {round}");
        room.write("/aws/lambda/f", &format!("s{}", round % 2), &[&text]);
        written.push(text);
        room.clock.advance_ms(round % 2);
    }
    written.pop();
    assert_eq!(told, written);
}

async fn follow(room: &Room, input: &mut Value) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let page = room.call("FilterLogEvents", input.clone()).await;
        events.extend(page["events"].as_array().expect("events").clone());
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => {
                input.as_object_mut().expect("an object").remove("nextToken");
                return events;
            }
        }
    }
}

/// A rare pattern in many events: a request gives up after a while, with a token, and the next goes on from there.
#[tokio::test]
async fn a_long_search_takes_several_requests() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let large = "x".repeat(1024 * 1024 - 26);
    for at in 0..40 {
        room.put("g", "s", &[(at * 20_000 - 800_000, &large)]).await;
    }
    room.put("g", "s", &[(0, "needle")]).await;
    for backward in [false, true] {
        let mut input = json!({"logGroupName": "g", "filterPattern": "needle", "startFromHead": !backward});
        let mut pages = 0;
        let mut found = Vec::new();
        loop {
            let page = room.call("FilterLogEvents", input.clone()).await;
            found.extend(messages(&page));
            pages += 1;
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(found, ["needle"]);
        assert_eq!(pages, 2);
    }
}
