//! Reading through many documents without holding them all.

use lanthorn_store::documents::{Document, Documents, Range};

/// Documents read at once.
const PAGE: usize = 500;

/// Shows `visit` every document called `name` in the partitions that begin with `partition_prefix`, until it fails.
pub(crate) async fn visit<E: From<lanthorn_store::Error>>(
    documents: &dyn Documents,
    partition_prefix: &str,
    name: &str,
    mut visit: impl FnMut(&Document) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let range = Range {
            partition_prefix: partition_prefix.to_owned(),
            name_prefix: name.to_owned(),
            after: after.take(),
            limit: PAGE,
            ..Range::default()
        };
        let page = documents.list(range).await?;
        page.iter().filter(|document| document.key.name == name).try_for_each(&mut visit)?;
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.key.clone()),
            _ => return Ok(()),
        }
    }
}
