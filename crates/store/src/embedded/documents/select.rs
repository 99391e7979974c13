//! Pages of documents, by walking the index on (partition, name).
//!
//! Every statement here is bounded below or above by a key, so that a page costs what it holds and not
//! what lies before it.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params_from_iter};

use crate::documents::{Document, Key, Order, Range, Revision};
use crate::embedded::{watch, writer};

/// Documents of one moment.
pub(in crate::embedded) struct Page {
    /// The last number given out at that moment: every change up to it is in the page, none after it.
    pub(in crate::embedded) as_of: Revision,
    /// The documents, in the order of their keys.
    pub(in crate::embedded) documents: Vec<Document>,
    /// Whether the page was cut short: there may be more after its last document.
    pub(in crate::embedded) more: bool,
}

/// The next documents under `prefix`, after a key, that changed after `since`.
pub(in crate::embedded) fn changed_page(
    connection: &Connection,
    prefix: &str,
    after: Option<&Key>,
    since: Revision,
    limits: watch::Bounds,
) -> rusqlite::Result<Page> {
    let as_of = Revision(writer::counter(connection)?);
    let mut bounds = Bounds::default();
    bounds.page(prefix, after, Order::Ascending);
    bounds.and("revision > ?", i64::try_from(since.0).unwrap_or(i64::MAX));
    let mut statement = bounds.statement(connection, Order::Ascending)?;
    let mut rows = statement.query(params_from_iter(&bounds.values))?;
    let mut page = Page { as_of, documents: Vec::new(), more: false };
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if page.documents.len() == limits.page_documents_max || bytes >= limits.page_bytes_max {
            page.more = true;
            break;
        }
        let document = document(row)?;
        bytes += document.bytes.len();
        page.documents.push(document);
    }
    Ok(page)
}

/// The page that `range` asks for.
pub(super) fn list(connection: &Connection, range: &Range) -> rusqlite::Result<Vec<Document>> {
    let limit = if range.limit == 0 { usize::MAX } else { range.limit };
    let mut found = Vec::new();
    if range.name_prefix.is_empty() {
        let mut bounds = Bounds::default();
        bounds.page(&range.partition_prefix, range.after.as_ref(), range.order);
        bounds.collect(connection, range.order, limit, &mut found)?;
        return Ok(found);
    }
    // From partition to partition: names that do not match are not even looked at.
    let mut partition = match &range.after {
        Some(key) if key.partition.starts_with(&range.partition_prefix) => Some(key.partition.clone()),
        Some(key) => next_partition(connection, range, Some(&key.partition))?,
        None => next_partition(connection, range, None)?,
    };
    while let Some(current) = partition {
        let mut bounds = Bounds::default();
        bounds.and("partition = ?", current.clone());
        bounds.names_with(&range.name_prefix);
        if let Some(key) = range.after.as_ref().filter(|key| key.partition == current) {
            let beyond = if range.order == Order::Ascending { "name > ?" } else { "name < ?" };
            bounds.and(beyond, key.name.clone());
        }
        bounds.collect(connection, range.order, limit, &mut found)?;
        if found.len() >= limit {
            break;
        }
        partition = next_partition(connection, range, Some(&current))?;
    }
    Ok(found)
}

/// The first partition of `range`, or the first beyond `current`.
fn next_partition(
    connection: &Connection,
    range: &Range,
    current: Option<&String>,
) -> rusqlite::Result<Option<String>> {
    let prefix = &range.partition_prefix;
    let mut bounds = Bounds::default();
    let order = match (range.order, current.filter(|current| is_inside_or_past(prefix, current, range.order))) {
        (Order::Ascending, None) => {
            bounds.partitions_with(prefix);
            "partition"
        }
        (Order::Ascending, Some(current)) => {
            bounds.and("partition > ?", current.clone());
            bounds.partitions_below(prefix);
            "partition"
        }
        (Order::Descending, None) => {
            bounds.partitions_with(prefix);
            "partition DESC"
        }
        (Order::Descending, Some(current)) => {
            bounds.and("partition < ?", current.clone());
            bounds.and("partition >= ?", prefix.clone());
            "partition DESC"
        }
    };
    let text = format!("SELECT partition FROM documents{} ORDER BY {order} LIMIT 1", bounds.clause());
    connection.prepare_cached(&text)?.query_row(params_from_iter(&bounds.values), |row| row.get(0)).optional()
}

/// The conditions of a `SELECT`, with their values. Texts differ by shape alone, never by value, so that
/// compiled statements are found again.
#[derive(Default)]
struct Bounds {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Bounds {
    fn and(&mut self, condition: &'static str, value: impl Into<Value>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    /// The partitions that begin with `prefix`, beyond the key `after` in that order. One bound below and
    /// one above, never two on the same side: SQLite walks the index from one of them only, and the
    /// other choice would read everything before the page.
    fn page(&mut self, prefix: &str, after: Option<&Key>, order: Order) {
        let after = after.filter(|key| is_inside_or_past(prefix, &key.partition, order));
        match (order, after) {
            (_, None) => self.partitions_with(prefix),
            (Order::Ascending, Some(key)) => {
                self.beyond("(partition, name) > (?, ?)", key);
                self.partitions_below(prefix);
            }
            (Order::Descending, Some(key)) => {
                self.beyond("(partition, name) < (?, ?)", key);
                self.and("partition >= ?", prefix.to_owned());
            }
        }
    }

    fn partitions_with(&mut self, prefix: &str) {
        self.and("partition >= ?", prefix.to_owned());
        self.partitions_below(prefix);
    }

    fn partitions_below(&mut self, prefix: &str) {
        if let Some(beyond) = first_beyond(prefix) {
            self.and("partition < ?", beyond);
        }
    }

    fn beyond(&mut self, condition: &'static str, key: &Key) {
        self.conditions.push(condition);
        self.values.extend([key.partition.clone().into(), key.name.clone().into()]);
    }

    fn names_with(&mut self, prefix: &str) {
        self.and("name >= ?", prefix.to_owned());
        if let Some(beyond) = first_beyond(prefix) {
            self.and("name < ?", beyond);
        }
    }

    fn clause(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }

    fn statement<'c>(&self, connection: &'c Connection, order: Order) -> rusqlite::Result<CachedStatement<'c>> {
        let order = match order {
            Order::Ascending => "partition, name",
            Order::Descending => "partition DESC, name DESC",
        };
        let clause = self.clause();
        let text = format!("SELECT partition, name, revision, bytes FROM documents{clause} ORDER BY {order}");
        connection.prepare_cached(&text)
    }

    /// Adds what is found to `found`, until it holds `limit`.
    fn collect(
        &self,
        connection: &Connection,
        order: Order,
        limit: usize,
        found: &mut Vec<Document>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.statement(connection, order)?;
        let mut rows = statement.query(params_from_iter(&self.values))?;
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            found.push(document(row)?);
        }
        Ok(())
    }
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        key: Key { partition: row.get(0)?, name: row.get(1)? },
        revision: Revision(row.get(2)?),
        bytes: row.get::<_, Vec<u8>>(3)?.into(),
    })
}

/// The smallest text that is greater than every text that begins with `prefix`; none if there is none.
fn first_beyond(prefix: &str) -> Option<String> {
    let mut beyond = prefix.to_owned();
    while let Some(last) = beyond.pop() {
        // The range of `char` steps over the surrogates; UTF-8 orders as code points do.
        if let Some(next) = (last..=char::MAX).nth(1) {
            beyond.push(next);
            return Some(beyond);
        }
    }
    None
}

/// Whether going on from `partition` in `order` skips anything of `prefix`. Otherwise it is no bound at all.
fn is_inside_or_past(prefix: &str, partition: &str, order: Order) -> bool {
    match order {
        Order::Ascending => partition >= prefix,
        Order::Descending => first_beyond(prefix).is_none_or(|beyond| *partition < *beyond),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_character_has_no_successor() {
        assert_eq!(first_beyond(""), None);
        assert_eq!(first_beyond("\u{10ffff}"), None);
        assert_eq!(first_beyond("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(first_beyond("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
    }

    proptest! {
        #[test]
        fn between_prefix_and_beyond_lies_exactly_what_begins_with_it(prefix in "\\PC{1,3}", text in "\\PC{0,5}") {
            let beyond = first_beyond(&prefix);
            let within = |text: &str| *text >= *prefix && beyond.as_deref().is_none_or(|beyond| text < beyond);
            let longer = format!("{prefix}{text}");
            prop_assert!(within(&longer));
            prop_assert_eq!(within(&text), text.starts_with(&prefix));
        }
    }

    #[test]
    fn every_page_starts_in_the_index() {
        let directory = tempfile::tempdir().unwrap();
        let connection = crate::embedded::schema::open(&directory.path().join("store.db")).unwrap();
        let check = |after: Option<&Key>, order, expected: &str| {
            let mut bounds = Bounds::default();
            bounds.page("p", after, order);
            let text = bounds.statement(&connection, order).unwrap().expanded_sql().unwrap();
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
            let steps: Vec<String> =
                plan.query_map([], |row| row.get(3)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
            assert_eq!(steps, [format!("SEARCH documents USING INDEX sqlite_autoindex_documents_1 ({expected})")]);
        };
        let key = Key { partition: "p".to_owned(), name: "n".to_owned() };
        check(None, Order::Ascending, "partition>? AND partition<?");
        check(None, Order::Descending, "partition>? AND partition<?");
        check(Some(&key), Order::Ascending, "(partition,name)>(?,?) AND partition<?");
        check(Some(&key), Order::Descending, "partition>? AND (partition,name)<(?,?)");
    }
}
