//! ListFunctions.

use lanthorn_control::functions::list::{FunctionPage, ListFunctions, PAGE_MAX};
use lanthorn_model::arn::FunctionName;
use lanthorn_store::documents::{Change, Expect};
use lanthorn_store::records::function;

use crate::room::{Room, id};

async fn list(room: &Room, region: &str, after: Option<FunctionName>, limit: Option<usize>) -> FunctionPage {
    let account = id("f").account;
    let region = region.parse().expect("a region");
    room.control.list_functions(ListFunctions { account, region, after, limit }).await.expect("readable")
}

/// Writes copies of one function under other names, as many creates would have.
async fn multiply(room: &Room, names: impl Iterator<Item = String>) {
    let record = function::read(&room.document("f").await).expect("readable");
    for name in names {
        let mut copy = record.clone();
        copy.function.id = id(&name);
        let (name, bytes) = (function::HEAD.to_owned(), function::write(&copy));
        let put = Change::Put { name, expect: Expect::Absent, bytes };
        room.store.documents.commit(function::partition(&copy.function.id), vec![put]).await.expect("written");
    }
}

#[tokio::test]
async fn pages_follow_each_other_in_the_order_of_names() {
    let room = Room::new().await;
    assert_eq!(list(&room, "us-east-1", None, None).await, FunctionPage { functions: vec![], next: None });
    room.active("f", "x = 1").await;
    multiply(&room, (0..60).map(|number| format!("g{number:02}"))).await;

    let first = list(&room, "us-east-1", None, Some(10_000)).await;
    assert_eq!(first.functions.len(), PAGE_MAX);
    let second = list(&room, "us-east-1", first.next.clone(), None).await;
    assert_eq!((second.functions.len(), &second.next), (11, &None));
    let names: Vec<_> = first.functions.iter().chain(&second.functions).map(|f| f.id.name.as_str()).collect();
    assert!(names.is_sorted() && names.len() == 61);

    let exactly = list(&room, "us-east-1", Some("g57".parse().expect("a name")), Some(2)).await;
    assert_eq!((exactly.functions.len(), exactly.next), (2, None));
}

#[tokio::test]
async fn another_region_has_its_own() {
    let room = Room::new().await;
    room.active("f", "x = 1").await;
    assert!(list(&room, "eu-west-1", None, None).await.functions.is_empty());
}
