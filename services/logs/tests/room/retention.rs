//! Retention: what has expired is gone, first for readers, then from the store.

use serde_json::{Value, json};

use crate::harness::{DAY_MS, Room};

async fn stored_bytes(room: &Room) -> Option<i64> {
    let answer = room.call("DescribeLogGroups", json!({"logGroupNamePrefix": "g"})).await;
    answer["logGroups"][0]["storedBytes"].as_i64()
}

#[tokio::test]
async fn only_awss_days_are_taken() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "g"})).await;
    room.call("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 7})).await;
    let group = |answer: Value| answer["logGroups"][0].clone();
    let listed = group(room.call("DescribeLogGroups", json!({})).await);
    assert_eq!(listed["retentionInDays"], json!(7));
    for days in [0, 2, 4, 10_000, -1] {
        let input = json!({"logGroupName": "g", "retentionInDays": days});
        assert_eq!(room.refused("PutRetentionPolicy", input).await.0, "InvalidParameterException", "{days}");
    }
    room.call("DeleteRetentionPolicy", json!({"logGroupName": "g"})).await;
    let listed = group(room.call("DescribeLogGroups", json!({})).await);
    assert_eq!(listed.get("retentionInDays"), None);
}

#[tokio::test]
async fn expired_events_go_for_readers_and_from_the_store() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    room.with_stream("kept", "s").await;
    for at in 0..200 {
        room.put("g", "s", &[(at, "old")]).await;
    }
    room.put("kept", "s", &[(0, "old")]).await;
    room.call("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})).await;
    room.clock.advance_ms(DAY_MS / 2);
    room.put("g", "s", &[(0, "young")]).await;
    room.clock.advance_ms(DAY_MS / 2 + 1_000);

    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["young"], "gone for readers at once");
    assert_eq!(stored_bytes(&room).await, Some(200 * 29 + 31), "but not from the store");
    room.logs.sweep().await.expect("swept");
    assert_eq!(stored_bytes(&room).await, Some(31));
    room.call("DeleteRetentionPolicy", json!({"logGroupName": "g"})).await;
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["young"], "what was removed does not come back");
    assert_eq!(room.filter(json!({"logGroupName": "kept"})).await, ["old"]);

    room.put("g", "s", &[(0, "newer")]).await;
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["young", "newer"], "the stream goes on");
}

#[tokio::test]
async fn the_delivery_class_keeps_events_for_a_day() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "g", "logGroupClass": "DELIVERY"})).await;
    let listed = room.call("DescribeLogGroups", json!({})).await;
    assert_eq!(listed["logGroups"][0]["retentionInDays"], json!(1));
    let input = json!({"logGroupName": "g", "retentionInDays": 7});
    assert_eq!(room.refused("PutRetentionPolicy", input).await.0, "InvalidParameterException");
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_runs_by_itself() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    room.put("g", "s", &[(0, "old")]).await;
    room.call("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})).await;
    room.clock.advance_ms(2 * DAY_MS);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(std::sync::Arc::clone(&room.logs).run(async {
        let _ = ended.await;
    }));
    while stored_bytes(&room).await != Some(0) {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    end.send(()).expect("it runs");
    running.await.expect("it ended well");
}
