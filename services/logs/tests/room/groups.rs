//! Groups: their life, their listing, their tags.

use serde_json::json;

use crate::harness::{Room, START_MS};

#[tokio::test]
async fn a_group_is_listed_as_aws_lists_it() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "/aws/lambda/hello"})).await;
    let answer = room.call("DescribeLogGroups", json!({"logGroupNamePrefix": "/aws/"})).await;
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/hello";
    // Recorded: these members and no others, for a new group.
    let expected = json!({"logGroups": [{
        "arn": format!("{arn}:*"),
        "creationTime": START_MS,
        "deletionProtectionEnabled": false,
        "logGroupArn": arn,
        "logGroupClass": "STANDARD",
        "logGroupName": "/aws/lambda/hello",
        "metricFilterCount": 0,
        "storedBytes": 0,
    }]});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_search_by_pattern_shows_less() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "aws/DataLogs"})).await;
    room.call("CreateLogGroup", json!({"logGroupName": "datalogs"})).await;
    let answer = room.call("DescribeLogGroups", json!({"logGroupNamePattern": "DataLogs"})).await;
    let groups = answer["logGroups"].as_array().expect("groups");
    assert_eq!(groups.len(), 1);
    let members: Vec<_> = groups[0].as_object().expect("a group").keys().collect();
    let recorded = ["arn", "creationTime", "logGroupArn", "logGroupClass", "logGroupName", "metricFilterCount"];
    assert_eq!(members, recorded);
}

#[tokio::test]
async fn refusals_are_awss() {
    let room = Room::new();
    let name = json!({"logGroupName": "g"});
    let not_found = ("ResourceNotFoundException".into(), "The specified log group does not exist.".into());
    room.call("CreateLogGroup", name.clone()).await;
    assert_eq!(
        room.refused("CreateLogGroup", name.clone()).await,
        ("ResourceAlreadyExistsException".into(), "The specified log group already exists".into())
    );
    room.call("DeleteLogGroup", name.clone()).await;
    for operation in ["DeleteLogGroup", "DeleteRetentionPolicy", "ListTagsLogGroup", "DescribeLogStreams"] {
        assert_eq!(room.refused(operation, name.clone()).await, not_found, "{operation}");
    }
    assert_eq!(
        room.refused("DescribeLogGroups", json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "b"})).await,
        (
            "InvalidParameterException".into(),
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.".into()
        )
    );
    assert_eq!(
        room.refused("DescribeLogGroups", json!({"nextToken": "nonsense"})).await,
        ("InvalidParameterException".into(), "The specified nextToken is invalid.".into())
    );
    assert_eq!(
        room.refused("CreateLogGroup", json!({"logGroupName": "k", "kmsKeyId": "arn:aws:kms:::key/x"})).await.0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn groups_come_in_pages_by_name() {
    let room = Room::new();
    for at in 0..7 {
        room.call("CreateLogGroup", json!({"logGroupName": format!("g/{at}")})).await;
        room.call("CreateLogGroup", json!({"logGroupName": format!("other/{at}")})).await;
    }
    let mut input = json!({"logGroupNamePrefix": "g/", "limit": 3});
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let page = room.call("DescribeLogGroups", input.clone()).await;
        let groups = page["logGroups"].as_array().expect("groups");
        names.extend(groups.iter().map(|group| group["logGroupName"].as_str().expect("a name").to_owned()));
        pages += 1;
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, (0..7).map(|at| format!("g/{at}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn groups_are_picked_by_class_and_identifier() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "a"})).await;
    room.call("CreateLogGroup", json!({"logGroupName": "b", "logGroupClass": "INFREQUENT_ACCESS"})).await;
    let names = |answer: serde_json::Value| -> Vec<String> {
        let groups = answer["logGroups"].as_array().expect("groups").clone();
        groups.iter().map(|group| group["logGroupName"].as_str().expect("a name").to_owned()).collect()
    };
    let by_class = room.call("DescribeLogGroups", json!({"logGroupClass": "INFREQUENT_ACCESS"})).await;
    assert_eq!(names(by_class), ["b"]);
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:a";
    let by_arn = room.call("DescribeLogGroups", json!({"logGroupIdentifiers": [arn]})).await;
    assert_eq!(names(by_arn), ["a"]);
    let elsewhere = json!({"accountIdentifiers": ["111111111111"], "includeLinkedAccounts": true});
    assert_eq!(names(room.call("DescribeLogGroups", elsewhere).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_deleted_groups_events_never_come_back() {
    let room = Room::new();
    room.with_stream("g", "s").await;
    room.put("g", "s", &[(0, "old")]).await;
    room.write("g", "s", &["old, not stored yet"]);
    room.call("DeleteLogGroup", json!({"logGroupName": "g"})).await;
    room.with_stream("g", "s").await;
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, Vec::<String>::new());
    room.put("g", "s", &[(0, "new")]).await;
    room.logs.sweep().await.expect("swept");
    assert_eq!(room.filter(json!({"logGroupName": "g"})).await, ["new"]);
}

#[tokio::test]
async fn a_function_that_writes_on_brings_its_group_back() {
    let room = Room::new();
    room.write("/aws/lambda/f", "s", &["before"]);
    room.logs.flush().await.expect("stored");
    room.call("DeleteLogGroup", json!({"logGroupName": "/aws/lambda/f"})).await;
    room.write("/aws/lambda/f", "s", &["after"]);
    assert_eq!(room.filter(json!({"logGroupName": "/aws/lambda/f"})).await, ["after"]);
}

#[tokio::test]
async fn a_protected_group_refuses_to_go() {
    let room = Room::new();
    room.call("CreateLogGroup", json!({"logGroupName": "g", "deletionProtectionEnabled": true})).await;
    assert_eq!(room.refused("DeleteLogGroup", json!({"logGroupName": "g"})).await.0, "ValidationException");
    let lift = json!({"logGroupIdentifier": "g", "deletionProtectionEnabled": false});
    room.call("PutLogGroupDeletionProtection", lift).await;
    room.call("DeleteLogGroup", json!({"logGroupName": "g"})).await;
}

#[tokio::test]
async fn both_ways_of_tagging_see_the_same_tags() {
    let room = Room::new();
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
    room.call("CreateLogGroup", json!({"logGroupName": "g", "tags": {"team": "lights"}})).await;
    room.call("TagResource", json!({"resourceArn": arn, "tags": {"tier": "1", "owner": "ada"}})).await;
    room.call("TagLogGroup", json!({"logGroupName": "g", "tags": {"old": "way"}})).await;
    room.call("UntagLogGroup", json!({"logGroupName": "g", "tags": ["old"]})).await;
    room.call("UntagResource", json!({"resourceArn": arn, "tagKeys": ["team", "tier"]})).await;
    let expected = json!({"tags": {"owner": "ada"}});
    assert_eq!(room.call("ListTagsLogGroup", json!({"logGroupName": "g"})).await, expected);
    assert_eq!(room.call("ListTagsForResource", json!({"resourceArn": arn})).await, expected);
}

#[tokio::test]
async fn tags_have_a_number_and_a_reserved_prefix() {
    let room = Room::new();
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
    room.call("CreateLogGroup", json!({"logGroupName": "g"})).await;
    let tags = |from: usize| -> serde_json::Map<String, serde_json::Value> {
        (from..from + 30).map(|at| (format!("k{at}"), json!("v"))).collect()
    };
    room.call("TagResource", json!({"resourceArn": arn, "tags": tags(0)})).await;
    let refused = room.refused("TagResource", json!({"resourceArn": arn, "tags": tags(30)})).await;
    assert_eq!(refused.0, "TooManyTagsException");
    let refused = room.refused("TagResource", json!({"resourceArn": arn, "tags": {"aws:x": "y"}})).await;
    assert_eq!(refused.0, "InvalidParameterException");
    let elsewhere = "arn:aws:logs:us-east-1:000000000000:log-group:missing";
    let refused = room.refused("ListTagsForResource", json!({"resourceArn": elsewhere})).await;
    assert_eq!(refused.0, "ResourceNotFoundException");
}

#[tokio::test]
async fn accounts_and_regions_do_not_see_each_other() {
    let room = Room::new();
    let other = lanthorn_logs::Scope::new(
        &"000000000000".parse().expect("an account"),
        &"eu-west-1".parse().expect("a region"),
    );
    let event = lanthorn_logs::Event { at: room.clock_now(), message: "there".into() };
    room.logs.writer().append(&other, &"g".into(), &"s".into(), vec![event]);
    room.logs.flush().await.expect("stored");
    assert_eq!(room.call("DescribeLogGroups", json!({})).await, json!({"logGroups": []}));
}
