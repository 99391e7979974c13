//! Up to which revision each key has been told: what keeps a watch from saying things twice.
//!
//! A scan reads page after page, each of a later moment, so the answer differs along the keys:
//!
//! ```text
//!   keys      a ........ f ........ m ............ ∞
//!   told up to   rev 17     rev 21       rev 9
//!             └ this scan's pages ┘  └ not scanned yet
//! ```

use std::collections::BTreeMap;

use crate::documents::{Key, Revision};

/// A revision for every key.
#[derive(Debug)]
pub(super) struct Told {
    /// Every key has been told at least up to this.
    floor: Revision,
    /// From a page's last key to its moment; each reaches down to the entry before it.
    pages: BTreeMap<Key, Revision>,
    /// The moment for the keys after all pages.
    rest: Revision,
    /// The latest moment of all.
    highest: Revision,
}

impl Default for Told {
    fn default() -> Self {
        let never = Revision(0);
        Self { floor: never, pages: BTreeMap::new(), rest: never, highest: never }
    }
}

impl Told {
    /// Up to which revision `key` has been told.
    pub(super) fn at(&self, key: &Key) -> Revision {
        let page = self.pages.range(key..).next().map_or(self.rest, |(_, moment)| *moment);
        page.max(self.floor)
    }

    /// A page was read at `moment`: the keys after `after`, up to `last`.
    pub(super) fn page(&mut self, after: Option<&Key>, last: &Key, moment: Revision) {
        self.bound(after);
        // Ends of an earlier scan's pages within this one mean nothing any more.
        self.pages.retain(|end, _| after.is_some_and(|after| end <= after) || end > last);
        self.pages.insert(last.clone(), moment);
        self.highest = self.highest.max(moment);
    }

    /// The last page was read at `moment`: all keys after `after`.
    pub(super) fn rest(&mut self, after: Option<&Key>, moment: Revision) {
        self.bound(after);
        self.pages.retain(|end, _| after.is_some_and(|after| end <= after));
        self.rest = moment;
        self.highest = self.highest.max(moment);
    }

    /// Everything up to `revision` has been told, whatever the key.
    pub(super) fn skip_to(&mut self, revision: Revision) {
        self.floor = self.floor.max(revision);
    }

    /// A change of `revision` is about to be told, after all before it. When that is past every page, the
    /// pages can be forgotten. (Not past `revision` itself: its commit may have changed other keys too.)
    pub(super) fn settle(&mut self, revision: Revision) {
        if revision > self.highest {
            self.pages.clear();
            self.rest = Revision(0);
            self.skip_to(Revision(revision.0 - 1));
        }
    }

    /// Makes `after` an end, so that what is said of the keys beyond leaves it alone.
    fn bound(&mut self, after: Option<&Key>) {
        if let Some(after) = after {
            let moment = self.at(after);
            self.pages.entry(after.clone()).or_insert(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(number: u8) -> Key {
        Key { partition: "p".to_owned(), name: format!("{number:03}") }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Page(u8),
        Rest,
        SkipTo,
        Settle,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![4 => (1..20_u8).prop_map(Step::Page), 1 => Just(Step::Rest), 1 => Just(Step::SkipTo), 1 => Just(Step::Settle)]
    }

    proptest! {
        /// Against a table with one entry for each key.
        #[test]
        fn every_key_knows_its_moment(steps in prop::collection::vec(step(), 0..40)) {
            let mut told = Told::default();
            let mut table = [0_u64; 60];
            let mut scanned: Option<u8> = None;
            for (number, step) in steps.into_iter().enumerate() {
                let moment = number as u64 + 1;
                let first = scanned.map_or(0, |scanned| scanned + 1);
                let after = scanned.map(key);
                match step {
                    Step::Page(length) if first + length < 60 => {
                        let last = first + length - 1;
                        told.page(after.as_ref(), &key(last), Revision(moment));
                        table[usize::from(first)..=usize::from(last)].fill(moment);
                        scanned = Some(last);
                    }
                    Step::Page(_) | Step::Rest => {
                        told.rest(after.as_ref(), Revision(moment));
                        table[usize::from(first)..].fill(moment);
                        scanned = None;
                    }
                    Step::SkipTo => {
                        told.skip_to(Revision(moment));
                        table.fill(moment);
                    }
                    Step::Settle => {
                        told.settle(Revision(moment));
                        table.fill(moment - 1);
                    }
                }
                for (number, moment) in table.iter().enumerate() {
                    prop_assert_eq!(told.at(&key(number as u8)), Revision(*moment), "key {}", number);
                }
            }
        }
    }
}
