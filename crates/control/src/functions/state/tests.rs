//! The steps of a record, over random histories.

use lanthorn_model::function::{Architecture, Sha256};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::change::defaults;
use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Change(u8),
    Settle,
    FailToSettle,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![any::<u8>().prop_map(Step::Change), Just(Step::Settle), Just(Step::FailToSettle)]
}

fn code(byte: u8) -> Code {
    Code { sha256: Sha256::new([byte; 32]), size: u64::from(byte) }
}

fn configuration() -> Configuration {
    let role = "arn:aws:iam::000000000000:role/r".parse().expect("a role");
    defaults("python3.12".parse().expect("a runtime"), "index.handler".to_owned(), role, Architecture::X86_64)
}

fn new() -> Record {
    let id = FunctionId {
        account: "000000000000".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        name: "f".parse().expect("a name"),
    };
    created(id, configuration(), code(0), BTreeMap::new(), Timestamp::UNIX_EPOCH)
}

fn failed() -> Result<(), NotApplied> {
    Err(NotApplied("no".to_owned()))
}

proptest! {
    #[test]
    fn calls_only_ever_run_code_that_was_put_in_place(history in vec(steps(), 0..40)) {
        let mut record = new();
        let mut in_place = None;
        for step in history {
            let before = record.function.revision_id;
            let next = match step {
                Step::Change(byte) => changed(record.clone(), configuration(), code(byte), Timestamp::UNIX_EPOCH).ok(),
                Step::Settle => settled(record.clone(), Ok(())),
                Step::FailToSettle => settled(record.clone(), failed()),
            };
            // A step is refused exactly where the drawing has no arrow, and then changes nothing.
            let has_arrow = match step {
                Step::Change(_) => !is_unsettled(&record),
                Step::Settle | Step::FailToSettle => is_unsettled(&record),
            };
            prop_assert_eq!(next.is_some(), has_arrow);
            let Some(next) = next else { continue };
            if matches!(step, Step::Settle) {
                in_place = Some(next.function.code.clone());
            }
            prop_assert_ne!(next.function.revision_id, before);
            record = next;
            let effective = record.effective();
            if effective.state == State::Active {
                prop_assert_eq!(Some(effective.code), in_place.clone());
            } else {
                prop_assert_eq!(&record.running, &None);
            }
        }
    }
}

#[test]
fn the_new_is_shown_while_the_old_runs() {
    let active = settled(new(), Ok(())).expect("it was Pending");
    let updating = changed(active, configuration(), code(1), Timestamp::UNIX_EPOCH).expect("it was Active");
    assert_eq!(updating.function.last_update, Some(LastUpdate::InProgress));
    assert_eq!((&updating.function.code, &updating.effective().code), (&code(1), &code(0)));
    let done = settled(updating, Ok(())).expect("it was in progress");
    assert_eq!((done.function.last_update.as_ref(), done.effective().code), (Some(&LastUpdate::Successful), code(1)));
}

#[test]
fn a_failed_update_leaves_the_old_running_until_one_succeeds() {
    let active = settled(new(), Ok(())).expect("it was Pending");
    let updating = changed(active, configuration(), code(1), Timestamp::UNIX_EPOCH).expect("it was Active");
    let failed_once = settled(updating, failed()).expect("it was in progress");
    assert_eq!(failed_once.function.last_update, Some(LastUpdate::Failed("no".to_owned())));
    let again = changed(failed_once, configuration(), code(2), Timestamp::UNIX_EPOCH).expect("it is settled");
    assert_eq!(again.effective().code, code(0));
    assert_eq!(settled(again, Ok(())).expect("it was in progress").effective().code, code(2));
}

#[test]
fn what_is_busy_says_with_what() {
    let id = new().function.id;
    assert_eq!(is_changeable(&new()), Err(Busy::Creating(id.clone())));
    let active = settled(new(), Ok(())).expect("it was Pending");
    assert_eq!(is_changeable(&active), Ok(()));
    let updating = changed(active, configuration(), code(1), Timestamp::UNIX_EPOCH).expect("it was Active");
    assert_eq!(is_changeable(&updating), Err(Busy::Updating(id)));
    let failed = settled(new(), failed()).expect("it was Pending");
    assert_eq!((failed.function.state, is_changeable(&failed)), (State::Failed, Ok(())));
}
