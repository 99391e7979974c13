//! Sessions for services, and sessions across restarts.

use std::time::Duration;

use lanthorn_sts::IssueError;

use super::*;

const LAMBDAS: (&str, &str, &str, &str) = (
    "for-lambda",
    "AROAFORLAMBDAFORLAMB1",
    r#""Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole""#,
    r#""Action":"none:None","Resource":"*""#,
);

fn role(name: &str) -> RoleArn {
    format!("arn:aws:iam::000000000000:role/{name}").parse().unwrap()
}

#[tokio::test]
async fn lambda_gets_credentials_of_roles_that_trust_it() {
    let room = Room::open(&[LAMBDAS]).await;
    let hours = Duration::from_secs(12 * 3600);
    let session_name = "f".parse().unwrap();
    let issued = room.sts.issue(&role("for-lambda"), &session_name, hours, "lambda.amazonaws.com").unwrap();
    assert_eq!(issued.expiration.to_string(), "2026-01-02T15:04:05Z");
    assert!(!format!("{issued:?}").contains(issued.session_token.expose()));
    let session = room.sts.verify(&issued.access_key_id, issued.session_token.expose()).unwrap();
    assert_eq!(session.principal.arn(), "arn:aws:sts::000000000000:assumed-role/for-lambda/f");
    assert!(session.terms.policy.is_none());
    let refused = |name: &str, service: &str| room.sts.issue(&role(name), &session_name, hours, service);
    assert!(matches!(refused("for-lambda", "events.amazonaws.com"), Err(IssueError::NotTrusted)));
    assert!(matches!(refused("none", "lambda.amazonaws.com"), Err(IssueError::NotTrusted)));
}

#[tokio::test]
async fn a_session_outlives_the_server_that_made_it() {
    let room = Room::open(&[LAMBDAS]).await;
    let issue = |room: &Room| {
        let name = "hello".parse().unwrap();
        room.sts.issue(&role("for-lambda"), &name, Duration::from_secs(900), "lambda.amazonaws.com").unwrap()
    };
    let issued = issue(&room);
    let room = Room::open_at(room.close().await, &[LAMBDAS]).await;
    let session = room.sts.verify(&issued.access_key_id, issued.session_token.expose()).unwrap();
    assert_eq!(session.secret, issued.secret_access_key);
    let other = issue(&Room::open(&[LAMBDAS]).await);
    assert!(room.sts.verify(&other.access_key_id, other.session_token.expose()).is_err(), "another server's");
    assert!(room.sts.verify(&other.access_key_id, issued.session_token.expose()).is_err(), "another key's");
}

#[tokio::test]
async fn a_session_ends_when_it_says() {
    let room = Room::open(&[LAMBDAS]).await;
    let name = "hello".parse().unwrap();
    room.clock.advance_ms(500);
    let issued = room.sts.issue(&role("for-lambda"), &name, Duration::from_secs(900), "lambda.amazonaws.com").unwrap();
    let session = room.sts.verify(&issued.access_key_id, issued.session_token.expose()).unwrap();
    assert_eq!(
        (session.expiration, session.expiration.to_string().as_str()),
        (issued.expiration, "2026-01-02T03:19:05Z")
    );
}
