//! Who is let in, and what the others are told.

mod support;

use bytes::Bytes;
use http::Request;
use lanthorn_edge::Auth;

use self::support::{ACCOUNT, Key, World, error_type, json, text};

#[tokio::test]
async fn an_issued_key_opens_and_its_holder_is_named() {
    let world = World::new(Auth::Strict).await;
    let answer = world.ask(&world.root).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert_eq!(json(&answer)["Role"], format!("arn:aws:iam::{ACCOUNT}:root"));
    assert_eq!(json(&answer)["FunctionName"], "hello");
}

#[tokio::test]
async fn the_id_in_the_answer_is_the_one_the_handler_saw() {
    let world = World::new(Auth::Strict).await;
    let answer = world.ask(&world.root).await;
    assert_eq!(json(&answer)["Description"], answer.headers()["x-amzn-requestid"].to_str().unwrap());
}

#[tokio::test]
async fn a_function_is_asked_for_by_its_encoded_arn() {
    let world = World::new(Auth::Strict).await;
    let line =
        "GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello/configuration";
    let answer = world.send(world.signed(&world.root, "lambda", line, &[], "")).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert_eq!(json(&answer)["FunctionName"], format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:hello"));
}

#[tokio::test]
async fn an_unsigned_request_is_refused_in_the_protocol_it_resembles() {
    let world = World::new(Auth::Open).await;
    let rest = world.send(Request::get("/2015-03-31/functions").body(Bytes::new()).unwrap()).await;
    assert_eq!((rest.status().as_u16(), error_type(&rest)), (403, "MissingAuthenticationTokenException"));
    assert_eq!(json(&rest)["message"], "Missing Authentication Token");

    let query = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))
        .unwrap();
    let query = world.send(query).await;
    assert_eq!(query.status(), 403);
    assert!(text(&query).contains("<Code>MissingAuthenticationToken</Code>"), "{}", text(&query));
    assert!(text(&query).contains("<Message>Request is missing Authentication Token</Message>"), "{}", text(&query));
    let id = query.headers()["x-amzn-requestid"].to_str().unwrap();
    assert!(text(&query).contains(&format!("<RequestId>{id}</RequestId>")), "{}", text(&query));

    let nowhere = world.send(Request::get("/favicon.ico").body(Bytes::new()).unwrap()).await;
    assert_eq!((nowhere.status().as_u16(), error_type(&nowhere)), (403, "MissingAuthenticationTokenException"));
}

#[tokio::test]
async fn a_known_key_must_verify_in_either_mode() {
    for auth in [Auth::Open, Auth::Strict] {
        let world = World::new(auth).await;
        let forged = Key { secret: "guessed".to_owned(), ..world.root.clone() };
        let answer = world.ask(&forged).await;
        assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "InvalidSignatureException"));
        assert_eq!(
            json(&answer)["message"],
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        );
        let answer = world.form(&forged, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
        assert_eq!(answer.status(), 403);
        assert!(text(&answer).contains("<Code>SignatureDoesNotMatch</Code>"), "{}", text(&answer));
    }
}

#[tokio::test]
async fn an_unknown_key_is_root_only_where_the_mode_is_open() {
    let unknown = Key::new("test", "test");
    let open = World::new(Auth::Open).await;
    let answer = open.ask(&unknown).await;
    assert_eq!(json(&answer)["Role"], format!("arn:aws:iam::{ACCOUNT}:root"), "{}", text(&answer));

    let strict = World::new(Auth::Strict).await;
    let answer = strict.ask(&unknown).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "UnrecognizedClientException"));
    assert_eq!(json(&answer)["message"], "The security token included in the request is invalid.");
    let answer = strict.form(&unknown, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(text(&answer).contains("<Code>InvalidClientTokenId</Code>"), "{}", text(&answer));
}

#[tokio::test]
async fn an_unknown_key_from_a_foreign_page_is_nobody() {
    let world = World::new(Auth::Open).await;
    let page = [("origin", "https://page.example")];
    let unknown = Key::new("test", "test");
    let line = "GET /2015-03-31/functions/hello/configuration";
    let answer = world.send(world.signed(&unknown, "lambda", line, &page, "")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "UnrecognizedClientException"));
    // Somebody with a key of ours may use it from wherever they like.
    let answer = world.send(world.signed(&world.root, "lambda", line, &page, "")).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn an_unknown_key_inside_a_sandbox_is_nobody() {
    let world = World::new(Auth::Open).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = world.edge.serve_endpoint(listener);
    let ask = |key: &Key| {
        let line = "GET /2015-03-31/functions/hello/configuration";
        support::send_to(address, support::signed_for(address, key, "lambda", line, &[], ""))
    };
    let answer = ask(&Key::new("test", "test")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "UnrecognizedClientException"));
    assert_eq!(ask(&world.root).await.status(), 200);

    drop(endpoint);
    support::closed(address).await;
}

#[tokio::test]
async fn a_late_signature_is_refused_with_the_times() {
    let world = World::new(Auth::Strict).await;
    world.clock.advance_ms(6 * 60 * 1000);
    let answer = world.ask(&world.root).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "InvalidSignatureException"));
    assert_eq!(
        json(&answer)["message"],
        "Signature expired: 20261121T200000Z is now earlier than 20261121T200100Z (20261121T200600Z - 5 min.)"
    );
    // STS is more patient.
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    assert_eq!(world.form(&world.root, "sts", form).await.status(), 200);
    world.clock.advance_ms(10 * 60 * 1000);
    let answer = world.form(&world.root, "sts", form).await;
    assert!(text(&answer).contains("(20261121T201600Z - 15 min.)"), "{}", text(&answer));
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    let world = World::new(Auth::Strict).await;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let signed = world.signed(&world.root, "sts", "POST /", &headers, "Action=GetCallerIdentity&Version=2011-06-15");
    let changed = signed.map(|_| Bytes::from_static(b"Action=GetSessionToken&Version=2011-06-15"));
    let answer = world.send(changed).await;
    assert_eq!(answer.status(), 403);
    assert!(text(&answer).contains("<Code>SignatureDoesNotMatch</Code>"), "{}", text(&answer));
}

#[tokio::test]
async fn a_service_we_do_not_offer_is_named() {
    let world = World::new(Auth::Open).await;
    let answer = world.send(world.signed(&world.root, "braket", "GET /jobs", &[], "")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (404, "UnknownOperationException"));
    assert_eq!(json(&answer)["message"], "The service 'braket' is not offered by this endpoint");
}

#[tokio::test]
async fn an_operation_that_is_unknown_or_not_built_is_a_fault() {
    let world = World::new(Auth::Strict).await;
    let answer = world.send(world.signed(&world.root, "lambda", "GET /2015-03-31/nothing", &[], "")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (404, "UnknownOperationException"));
    let answer = world.send(world.signed(&world.root, "lambda", "GET /2016-08-19/account-settings", &[], "")).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (501, "NotImplementedException"));
    // To a stranger both look alike.
    let stranger = Key::new("AKIAAAAAAAAAAAAAAAAA", "x");
    for target in ["GET /2015-03-31/nothing", "GET /2016-08-19/account-settings"] {
        let answer = world.send(world.signed(&stranger, "lambda", target, &[], "")).await;
        assert_eq!(error_type(&answer), "UnrecognizedClientException");
    }
}
