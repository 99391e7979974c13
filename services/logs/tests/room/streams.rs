//! Streams: their life and their listing.

use serde_json::{Value, json};

use crate::harness::{Room, START_MS};

fn names(answer: &Value) -> Vec<String> {
    let streams = answer["logStreams"].as_array().expect("streams");
    streams.iter().map(|stream| stream["logStreamName"].as_str().expect("a name").to_owned()).collect()
}

/// The names of all pages of two.
async fn all(room: &Room, mut input: Value) -> Vec<String> {
    input["limit"] = json!(2);
    let mut found = Vec::new();
    loop {
        let page = room.call("DescribeLogStreams", input.clone()).await;
        found.extend(names(&page));
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_stream_is_listed_as_aws_lists_it() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s";
    // Recorded: no times and no token before the first event.
    let expected = json!({"logStreams": [
        {"arn": arn, "creationTime": START_MS, "logStreamName": "s", "storedBytes": 0}
    ]});
    let group_arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
    for input in
        [json!({"logGroupName": "g"}), json!({"logGroupIdentifier": "g"}), json!({"logGroupIdentifier": group_arn})]
    {
        assert_eq!(room.call("DescribeLogStreams", input).await, expected);
    }
    room.clock.advance_ms(5_000);
    room.put("g", "s", &[(-3_000, "a"), (-1_000, "b")]).await;
    let answer = room.call("DescribeLogStreams", json!({"logGroupName": "g"})).await;
    let stream = &answer["logStreams"][0];
    assert_eq!(stream["firstEventTimestamp"], json!(START_MS + 2_000));
    assert_eq!(stream["lastEventTimestamp"], json!(START_MS + 4_000));
    assert_eq!(stream["lastIngestionTime"], json!(START_MS + 5_000));
    assert_eq!(stream["uploadSequenceToken"].as_str().map(str::len), Some(56));
}

#[tokio::test]
async fn refusals_are_awss() {
    let room = Room::new();
    let stream = json!({"logGroupName": "g", "logStreamName": "s"});
    assert_eq!(
        room.refused("CreateLogStream", stream.clone()).await,
        ("ResourceNotFoundException".into(), "The specified log group does not exist.".into())
    );
    room.with_stream("g", "s").await;
    assert_eq!(
        room.refused("CreateLogStream", stream.clone()).await,
        ("ResourceAlreadyExistsException".into(), "The specified log stream already exists".into())
    );
    room.call("DeleteLogStream", stream.clone()).await;
    assert_eq!(
        room.refused("DeleteLogStream", stream).await,
        ("ResourceNotFoundException".into(), "The specified log stream does not exist.".into())
    );
    assert_eq!(
        room.refused("DescribeLogStreams", json!({"logGroupName": "g", "logGroupIdentifier": "g"})).await,
        ("ValidationException".into(), "LogGroup name and LogGroup ARN are mutually exclusive parameters.".into())
    );
    let ordered = json!({"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "x"});
    assert_eq!(
        room.refused("DescribeLogStreams", ordered).await,
        ("InvalidParameterException".into(), "Cannot order by LastEventTime with a logStreamNamePrefix.".into())
    );
}

#[tokio::test]
async fn streams_come_in_either_order_either_way() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "g"})).await;
    for (name, at_ms) in [("a", Some(30)), ("b", Some(10)), ("c", None), ("d", Some(20)), ("e", Some(10))] {
        room.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": name})).await;
        if let Some(at_ms) = at_ms {
            room.put("g", name, &[(at_ms, "x")]).await;
        }
    }
    let by_name = json!({"logGroupName": "g"});
    assert_eq!(all(&room, by_name).await, ["a", "b", "c", "d", "e"]);
    let backwards = json!({"logGroupName": "g", "descending": true});
    assert_eq!(all(&room, backwards).await, ["e", "d", "c", "b", "a"]);
    let by_time = json!({"logGroupName": "g", "orderBy": "LastEventTime"});
    assert_eq!(all(&room, by_time).await, ["c", "b", "e", "d", "a"]);
    let newest_first = json!({"logGroupName": "g", "orderBy": "LastEventTime", "descending": true});
    assert_eq!(all(&room, newest_first).await, ["a", "d", "e", "b", "c"]);
}

#[tokio::test]
async fn streams_are_picked_by_prefix() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "g"})).await;
    for name in ["2027/01/14/[1]a", "2027/01/15/[$LATEST]b", "2027/01/15/[$LATEST]c"] {
        room.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": name})).await;
    }
    let input = json!({"logGroupName": "g", "logStreamNamePrefix": "2027/01/15/"});
    assert_eq!(all(&room, input).await, ["2027/01/15/[$LATEST]b", "2027/01/15/[$LATEST]c"]);
}

#[tokio::test]
async fn a_deleted_streams_events_never_come_back() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    room.with_stream("other", "s").await;
    for at in 0..150 {
        room.put("g", "s", &[(at, "old")]).await;
    }
    let size = |answer: Value| answer["logGroups"][0]["storedBytes"].as_i64();
    let group = json!({"logGroupNamePrefix": "g"});
    assert_eq!(size(room.call("DescribeLogGroups", group.clone()).await), Some(150 * (3 + 26)));
    room.call("DeleteLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, Vec::<String>::new());
    assert_eq!(size(room.call("DescribeLogGroups", group).await), Some(0));
    room.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    room.put("g", "s", &[(0, "new")]).await;
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["new"]);
}
