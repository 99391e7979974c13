//! GetCallerIdentity, GetAccessKeyInfo and GetSessionToken.

use super::*;

const WORKER: (&str, &str, &str, &str) = (
    "worker",
    "AROAWORKERWORKERWORK1",
    r#""Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole""#,
    r#""Action":"none:None","Resource":"*""#,
);

#[tokio::test]
async fn everyone_may_ask_who_they_are() {
    let room = Room::open(&[WORKER]).await;
    let root = Asking::root();
    let check = async |who: &Asking, arn: &str, user_id: &str| {
        let answer = room.done(who, "GetCallerIdentity", &[]).await;
        let got = ["Arn", "UserId", "Account"].map(|name| member(&answer, name).unwrap());
        assert_eq!(got, [arn, user_id, "000000000000"]);
    };
    check(&root, "arn:aws:iam::000000000000:root", "000000000000").await;
    let worker = room.assume(&root, "worker", &[]).await;
    check(&worker, "arn:aws:sts::000000000000:assumed-role/worker/test", "AROAWORKERWORKERWORK1:test").await;
}

#[tokio::test]
async fn a_key_knows_its_account() {
    let room = Room::open(&[WORKER]).await;
    let root = Asking::root();
    let worker = room.assume(&root, "worker", &[]).await;
    let answer = room.done(&root, "GetAccessKeyInfo", &[("AccessKeyId", &worker.access_key_id)]).await;
    assert_eq!(member(&answer, "Account").as_deref(), Some("000000000000"));
}

#[tokio::test]
async fn the_root_user_may_have_a_session_of_its_own() {
    let room = Room::open(&[WORKER]).await;
    let root = Asking::root();
    let session = room.using(&room.done(&root, "GetSessionToken", &[("DurationSeconds", "129600")]).await);
    assert_eq!(session.principal, super::root());
    let an_hour_on: Timestamp = "2026-01-02T04:04:05Z".parse().unwrap();
    assert_eq!(session.session.as_ref().unwrap().expiration, an_hour_on);
    let text = "Cannot call GetSessionToken with session credentials";
    room.refused(&session, "GetSessionToken", &[], (403, "AccessDenied", text)).await;
    let worker = room.assume(&root, "worker", &[]).await;
    room.refused(&worker, "GetSessionToken", &[], (403, "AccessDenied", text)).await;
}
