//! The promises of the waist, as tests that every engine must pass.
//!
//! An engine's crate implements [`Subject`] for a fresh store of its own and writes
//! `lanthorn_store::suite!(its_constructor);` in a test file, which makes one test of each claim below.
//! Claims speak to the three traits alone. What is an engine's own affair (its files, its locks, its
//! behaviour when killed) is tested beside it.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "these are tests: they fail by panicking")]

pub mod blobs;
pub mod documents;
pub mod models;
pub mod queue;
pub mod watch;

use futures::future::BoxFuture;
use lanthorn_model::clock::ManualClock;

use crate::Store;

/// A fresh, empty store, and what a test needs to do to it.
pub trait Subject: Send {
    /// The store.
    fn store(&self) -> &Store;

    /// The clock it was opened with.
    fn clock(&self) -> &ManualClock;

    /// Closes the store and opens it again, as a restart of the server would.
    fn reopen(&mut self) -> BoxFuture<'_, ()>;
}

/// Makes a test of every claim, against what `$make`, a function without arguments, makes.
#[macro_export]
macro_rules! suite {
    ($make:ident) => {
        $crate::suite!($make, documents, [
            a_document_reads_as_it_was_written,
            an_unmet_expectation_changes_nothing,
            changes_of_a_commit_see_those_before_them,
            a_requirement_holds_a_commit_back,
            revisions_grow_and_are_never_used_twice,
            one_of_many_writers_wins_each_round,
            nobody_sees_half_a_commit,
            pages_in_either_order_make_up_the_whole,
            documents_survive_a_restart,
        ]);
        $crate::suite!($make, watch, [
            a_watch_tells_what_is_there_then_what_changes,
            a_watch_hears_only_its_prefix,
            a_watch_under_concurrent_writes_builds_the_truth,
            a_watcher_that_lags_still_builds_the_truth,
            a_watch_ends_when_the_store_is_closed,
        ]);
        $crate::suite!($make, queue, [
            the_oldest_due_comes_first,
            a_delayed_message_waits_its_time,
            a_lease_that_runs_out_makes_the_message_due,
            an_extended_lease_holds_longer,
            a_stale_receipt_does_nothing,
            a_released_message_comes_back_after_its_delay,
            racing_receivers_share_without_overlap,
            depth_counts_what_is_not_acknowledged,
            queues_survive_a_restart,
        ]);
        $crate::suite!($make, blobs, [
            a_blob_reads_as_it_was_put,
            the_same_bytes_are_kept_once,
            a_deleted_blob_is_gone,
            a_source_that_fails_leaves_nothing,
            blobs_survive_a_restart,
        ]);

        mod models {
            #[test]
            fn documents_do_as_the_model_does() {
                $crate::suite::models::documents(super::$make);
            }

            #[test]
            fn queues_do_as_the_model_does() {
                $crate::suite::models::queues(super::$make);
            }
        }
    };
    ($make:ident, $part:ident, [$($claim:ident,)+]) => {
        mod $part {
            $(
                #[tokio::test]
                async fn $claim() {
                    $crate::suite::$part::$claim(&mut super::$make()).await;
                }
            )+
        }
    };
}
