//! The functions' records in the store: reading one, and writing it if nobody else did.

use lanthorn_model::arn::FunctionId;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Change, CommitError, Expect, Revision};
use lanthorn_store::records::function::{self, Record};

use super::facts::RecordError;

/// The record of `id` and the revision it was read at; none if there is no such function.
pub(super) async fn read(
    documents: &dyn Documents,
    id: &FunctionId,
) -> Result<Option<(Record, Revision)>, RecordError> {
    match documents.get(function::key(id)).await? {
        Some(document) => Ok(Some((function::read(&document)?, document.revision))),
        None => Ok(None),
    }
}

/// Writes `record` if its document is still as expected. Answers whether it was.
pub(super) async fn write(documents: &dyn Documents, record: &Record, expect: Expect) -> Result<bool, RecordError> {
    let bytes = function::write(record);
    commit(documents, &record.function.id, Change::Put { name: function::HEAD.to_owned(), expect, bytes }).await
}

/// Removes the record of `id` if it still has `revision`. Answers whether it had.
pub(super) async fn remove(
    documents: &dyn Documents,
    id: &FunctionId,
    revision: Revision,
) -> Result<bool, RecordError> {
    let expect = Expect::At(revision);
    commit(documents, id, Change::Delete { name: function::HEAD.to_owned(), expect }).await
}

async fn commit(documents: &dyn Documents, id: &FunctionId, change: Change) -> Result<bool, RecordError> {
    match documents.commit(function::partition(id), vec![change]).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
