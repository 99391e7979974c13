//! The download of a function's code.

mod support;

use bytes::Bytes;
use http::{Request, Response};
use lanthorn_edge::Auth;
use lanthorn_model::arn::FunctionId;
use lanthorn_model::function::Sha256;

use self::support::{ACCOUNT, World, package, package_digest, text};

fn hello() -> FunctionId {
    FunctionId {
        account: ACCOUNT.parse().expect("valid"),
        region: "us-east-1".parse().expect("valid"),
        name: "hello".parse().expect("valid"),
    }
}

fn location(world: &World, sha256: Sha256) -> String {
    let base_url = format!("http://{}", world.address);
    world.locations.of(&base_url, &hello(), sha256).expect("a location")
}

async fn get(world: &World, url: &str) -> Response<Bytes> {
    let target = url.strip_prefix(&format!("http://{}", world.address)).expect("it is a URL of ours");
    let request = Request::get(target).header("host", world.address.to_string());
    world.send(request.body(Bytes::new()).expect("well-formed")).await
}

#[tokio::test]
async fn a_location_downloads_the_package() {
    let world = World::new(Auth::Strict).await;
    let url = location(&world, package_digest());
    assert!(url.contains("/snapshots/000000000000/hello-"), "{url}");
    let answer = get(&world, &url).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-length"], "1000000");
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert!(answer.headers().contains_key("x-amz-request-id"));
    assert!(*answer.body() == package(), "the package is whole");
}

#[tokio::test]
async fn a_location_lives_ten_minutes() {
    let world = World::new(Auth::Strict).await;
    let url = location(&world, package_digest());
    world.clock.advance_ms(600_000);
    assert_eq!(get(&world, &url).await.status(), 200);
    world.clock.advance_ms(1_000);
    let answer = get(&world, &url).await;
    assert_eq!(answer.status(), 403);
    assert!(
        text(&answer).contains("<Code>AccessDenied</Code><Message>Request has expired</Message>"),
        "{}",
        text(&answer)
    );
    assert!(text(&answer).contains("<Expires>2026-11-21T20:10:00Z</Expires>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_location_that_was_changed_is_refused() {
    let world = World::new(Auth::Strict).await;
    let url = location(&world, package_digest());
    let changed = url.replace("/hello-", "/other-");
    let answer = get(&world, &changed).await;
    assert_eq!(answer.status(), 403);
    assert!(text(&answer).contains("<Code>SignatureDoesNotMatch</Code>"), "{}", text(&answer));
    let (unsigned, _) = url.split_once("&X-Amz-").unwrap();
    let answer = get(&world, unsigned).await;
    assert_eq!(answer.status(), 403);
    assert!(text(&answer).contains("<Code>AccessDenied</Code><Message>Access Denied</Message>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_location_of_other_credentials_opens_nothing() {
    let world = World::new(Auth::Open).await;
    let url = location(&world, package_digest()).replace("ASIA", "AKIA");
    let answer = get(&world, &url).await;
    assert_eq!(answer.status(), 403);
    assert!(text(&answer).contains("<Code>InvalidAccessKeyId</Code>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_package_that_is_gone_is_not_found() {
    let world = World::new(Auth::Strict).await;
    let answer = get(&world, &location(&world, Sha256::new([7; 32]))).await;
    assert_eq!(answer.status(), 404);
    assert!(
        text(&answer).contains("<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"),
        "{}",
        text(&answer)
    );
}
