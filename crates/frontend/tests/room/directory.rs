//! The directory follows the store: what is there can be called, as it is there.

use std::sync::Arc;

use lanthorn_frontend::InvokeError;
use lanthorn_model::arn::Qualifier;
use lanthorn_model::function::{Function, LastUpdate, Sha256, State};

use crate::support::{House, function, in_state, retagged};

#[tokio::test]
async fn what_was_there_before_is_known_when_it_has_caught_up() {
    let house = House::new();
    let (a, b) = (function("a"), function("b"));
    house.put(&a).await;
    house.put(&b).await;
    house.follow();
    house.directory.caught_up().await;
    assert_eq!((&*house.resolved(&a.id), &*house.resolved(&b.id)), (&a, &b));
}

#[tokio::test]
async fn a_function_is_found_once_made_and_not_once_deleted() {
    let house = House::followed().await;
    let f = function("f");
    let not_found = format!("`{}` has no `$LATEST`", f.id);
    assert_eq!(house.met(&f.id, None), Err(not_found.clone()));
    house.directory.reached(house.put(&f).await).await;
    assert_eq!(house.met(&f.id, None), Ok(()));
    assert_eq!(house.met(&f.id, Some(&Qualifier::Latest)), Ok(()));
    house.directory.reached(house.delete(&f.id).await).await;
    assert_eq!(house.met(&f.id, None), Err(not_found));
}

#[tokio::test]
async fn what_is_not_found_is_named_as_it_was_asked_for() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    for qualifier in ["7", "live"].map(|text| text.parse::<Qualifier>().expect("a qualifier")) {
        let error = house.directory.resolve(&f.id, Some(&qualifier)).err();
        let Some(InvokeError::NotFound(fact)) = error else { panic!("{error:?}") };
        assert_eq!((fact.id, fact.qualifier), (f.id.clone(), qualifier));
    }
    let elsewhere = lanthorn_model::arn::FunctionId { region: "eu-west-1".parse().expect("a region"), ..f.id };
    assert_eq!(house.met(&elsewhere, None), Err(format!("`{elsewhere}` has no `$LATEST`")));
}

#[tokio::test]
async fn a_function_that_is_not_active_is_there_and_cannot_be_called() {
    let house = House::followed().await;
    let f = function("f");
    for (state, met) in [
        (State::Pending, Err("the function is Pending".to_owned())),
        (State::Failed, Err("the function is Failed".to_owned())),
        (State::Active, Ok(())),
        (State::Failed, Err("the function is Failed".to_owned())),
    ] {
        house.directory.reached(house.put(&in_state(&f, state)).await).await;
        assert_eq!(house.met(&f.id, None), met);
    }
}

#[tokio::test]
async fn a_change_that_runs_nothing_else_keeps_the_target() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    let target = house.resolved(&f.id);
    house.directory.reached(house.put(&retagged(&f)).await).await;
    assert!(Arc::ptr_eq(&house.resolved(&f.id), &target), "environments would have been thrown away");
}

#[tokio::test]
async fn a_change_of_code_or_configuration_makes_a_new_target() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    let mut recoded = f.clone();
    recoded.code.sha256 = Sha256::new([1; 32]);
    let mut reconfigured = recoded.clone();
    reconfigured.configuration.timeout_s += 1;
    for changed in [recoded, reconfigured] {
        let former = house.resolved(&f.id);
        house.directory.reached(house.put(&changed).await).await;
        let present = house.resolved(&f.id);
        assert!(!Arc::ptr_eq(&present, &former));
        assert_eq!(*present, changed);
    }
}

#[tokio::test]
async fn while_a_change_is_applied_calls_run_what_they_ran_before() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    let target = house.resolved(&f.id);
    let mut changed = Function { last_update: Some(LastUpdate::InProgress), ..f.clone() };
    changed.configuration.memory_mib = 256;
    house.directory.reached(house.record(&changed, Some(&f)).await).await;
    assert!(Arc::ptr_eq(&house.resolved(&f.id), &target));
    changed.last_update = Some(LastUpdate::Successful);
    house.directory.reached(house.put(&changed).await).await;
    assert_eq!(house.resolved(&f.id).configuration.memory_mib, 256);
}

#[tokio::test]
async fn documents_beside_the_head_are_not_functions() {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    let target = house.resolved(&f.id);
    house.directory.reached(house.write(&f.id, "version/00000001", b"{}").await).await;
    assert!(Arc::ptr_eq(&house.resolved(&f.id), &target));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_leaves_what_was_known() {
    let house = House::followed().await;
    let (f, g) = (function("f"), function("g"));
    house.directory.reached(house.put(&f).await).await;
    let target = house.resolved(&f.id);
    house.directory.reached(house.write(&f.id, "head", b"not a record").await).await;
    assert!(Arc::ptr_eq(&house.resolved(&f.id), &target));
    house.directory.reached(house.put(&g).await).await;
    assert_eq!(*house.resolved(&g.id), g, "the others are followed on");
}
