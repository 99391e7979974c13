//! What a session may do, and what it learns when it may not.

mod support;

use lanthorn_edge::Auth;

use self::support::{ACCOUNT, Key, World, error_type, form, json, text};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess";

#[tokio::test]
async fn a_session_may_do_what_its_role_may() {
    let world = World::new(Auth::Open).await;
    let session = world.session("reader", Some(READ_ONLY)).await;
    let answer = world.ask(&session).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert_eq!(json(&answer)["Role"], format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/hello"));
}

#[tokio::test]
async fn a_session_without_permission_is_told_what_it_lacks_in_either_mode() {
    for auth in [Auth::Open, Auth::Strict] {
        let world = World::new(auth).await;
        let session = world.session("nothing", None).await;
        let answer = world.ask(&session).await;
        assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "AccessDeniedException"));
        let who = format!("arn:aws:sts::{ACCOUNT}:assumed-role/nothing/hello");
        let what = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:hello");
        assert_eq!(
            json(&answer)["Message"],
            format!(
                "User: {who} is not authorized to perform: lambda:GetFunctionConfiguration on resource: {what} \
                 because no identity-based policy allows the lambda:GetFunctionConfiguration action"
            )
        );
        let answer = world.form(&session, "iam", &form(&[("Action", "GetRole"), ("RoleName", "nobody")])).await;
        assert_eq!(answer.status(), 403);
        assert!(text(&answer).contains("<Code>AccessDenied</Code>"), "{}", text(&answer));
        assert!(text(&answer).contains("iam:GetRole on resource: role nobody because"), "{}", text(&answer));
    }
}

#[tokio::test]
async fn who_may_not_ask_does_not_learn_what_is_built() {
    let world = World::new(Auth::Strict).await;
    let session = world.session("nothing", None).await;
    // Not built here; to this caller it is denied like everything else.
    let answer = world.send(world.signed(&session, "lambda", "GET /2016-08-19/account-settings", &[], "")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "AccessDeniedException"));
}

#[tokio::test]
async fn everyone_may_ask_who_they_are() {
    let world = World::new(Auth::Strict).await;
    let session = world.session("nothing", None).await;
    let answer = world.form(&session, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    let arn = format!("<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/nothing/hello</Arn>");
    assert!(text(&answer).contains(&arn), "{}", text(&answer));
}

#[tokio::test]
async fn a_session_ends() {
    let world = World::new(Auth::Open).await;
    let session = world.session("reader", Some(READ_ONLY)).await;
    world.clock.advance_ms(3600 * 1000);
    let answer = world.ask(&session).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "ExpiredTokenException"));
    assert_eq!(json(&answer)["message"], "The security token included in the request is expired");
    let answer = world.form(&session, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(text(&answer).contains("<Code>ExpiredToken</Code>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_session_of_ours_is_never_taken_for_an_unknown_key() {
    let world = World::new(Auth::Open).await;
    let session = world.session("nothing", None).await;
    let without_token = Key { token: None, ..session.clone() };
    let forged = Key { token: session.token.as_ref().map(|token| format!("{token}x")), ..session.clone() };
    let anothers = Key { token: world.session("other", None).await.token, ..session.clone() };
    for key in [without_token, forged, anothers] {
        let answer = world.ask(&key).await;
        assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "UnrecognizedClientException"));
    }
    // One that AWS issued to the developer is an unknown key like any other.
    let aws = Key { token: Some("IQoJb3JpZ2luX2Vj".to_owned()), ..Key::new("ASIAIOSFODNN7EXAMPLE", "x") };
    assert_eq!(world.ask(&aws).await.status(), 200);
}

#[tokio::test]
async fn a_function_of_another_account_is_not_made() {
    let world = World::new(Auth::Open).await;
    let body = r#"{"FunctionName":"arn:aws:lambda:us-east-1:111111111111:function:hello","Role":"arn:aws:iam::000000000000:role/x","Code":{}}"#;
    let answer = world.send(world.signed(&world.root, "lambda", "POST /2015-03-31/functions", &[], body)).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "AccessDeniedException"));
    assert!(json(&answer)["Message"].is_null(), "{}", text(&answer));
}

#[tokio::test]
async fn a_role_is_passed_only_by_who_may_pass_it() {
    let world = World::new(Auth::Open).await;
    let session = world.session("maker", Some("arn:aws:iam::aws:policy/AWSLambda_FullAccess")).await;
    // That policy lets pass roles to Lambda.
    let body = r#"{"FunctionName":"hello","Role":"arn:aws:iam::000000000000:role/x","Code":{}}"#;
    let request = |key: &Key| world.signed(key, "lambda", "POST /2015-03-31/functions", &[], body);
    let answer = world.send(request(&session)).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (501, "NotImplementedException"));
    let session = world.session("reader", Some(READ_ONLY)).await;
    let answer = world.send(request(&session)).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "AccessDeniedException"));
}
