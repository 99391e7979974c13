//! ListFunctions.

use lanthorn_model::arn::{AccountId, FunctionId, FunctionName, Region};
use lanthorn_model::function::Function;
use lanthorn_store::documents::Range;
use lanthorn_store::records::function::{self, HEAD};

use super::facts::RecordError;
use crate::Control;

/// Functions in one answer, at most, whatever the caller asks for.
/// Source: ListFunctions reference, "returns a maximum of 50 items in each response".
pub const PAGE_MAX: usize = 50;

/// Which functions to tell.
#[derive(Clone, Debug)]
pub struct ListFunctions {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// Only those that come after this one.
    pub after: Option<FunctionName>,
    /// At most so many; more than [`PAGE_MAX`] are never told.
    pub limit: Option<usize>,
}

/// A page of functions, in the order of their names.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionPage {
    /// The functions.
    pub functions: Vec<Function>,
    /// Where the next page begins; none on the last page.
    pub next: Option<FunctionName>,
}

/// Why the functions cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ListFunctionsError {
    /// The records could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Control {
    /// A page of an account's functions in a region.
    ///
    /// # Errors
    /// [`ListFunctionsError`].
    pub async fn list_functions(&self, request: ListFunctions) -> Result<FunctionPage, ListFunctionsError> {
        let ListFunctions { account, region, after, limit } = request;
        let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let partition_prefix = function::region_prefix(&account, &region);
        let after = after.map(|name| function::key(&FunctionId { account, region, name }));
        // One more than is told shows whether there is a next page.
        let range =
            Range { partition_prefix, name_prefix: HEAD.to_owned(), after, limit: limit + 1, ..Range::default() };
        let documents = self.documents.list(range).await.map_err(RecordError::from)?;
        if let Some(newest) = documents.iter().map(|document| document.revision).max() {
            self.reached(newest).await;
        }
        let has_more = documents.len() > limit;
        let mut functions = Vec::with_capacity(limit);
        for document in documents.iter().take(limit) {
            functions.push(function::read(document).map_err(RecordError::from)?.function);
        }
        let next = functions.last().filter(|_| has_more).map(|last| last.id.name.clone());
        Ok(FunctionPage { functions, next })
    }
}
