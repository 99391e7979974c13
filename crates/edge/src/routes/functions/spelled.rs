//! Functions as callers spell them, held against where the call takes place.
//!
//! ```text
//! arn:aws:lambda: │ us-east-1: │ 000000000000: │ function: │ hello │ :$LATEST      + Qualifier=…
//!    optional     │  optional  │   optional    │ optional  │ name  │ optional        must agree
//! ```
//!
//! The wire's pattern has passed, so the parts are of the right alphabet; what is
//! left may still be no function's name (too long, a dot) or no qualifier
//! (`$latest`). AWS answers those as functions that do not exist, except where a
//! function is to be made.

use lanthorn_model::arn::{AccountId, FunctionId, FunctionName, Qualifier, Region};
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::errors;

use crate::fault_map::{access_denied, invalid, not_found};

/// A function of this account and region, by the name the caller gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    account: AccountId,
    region: Region,
    name: String,
    qualifier: Option<String>,
}

/// A function that may exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: FunctionId,
    /// The qualifier, if the caller gave one, in either place.
    pub(crate) qualifier: Option<Qualifier>,
}

impl Spelled {
    /// Reads `text`, and the `Qualifier` parameter where the operation has one.
    ///
    /// # Errors
    /// The fault, if the two disagree or the function is elsewhere.
    pub(crate) fn read(context: &Context, text: &str, qualifier: Option<&str>) -> Result<Self, Fault> {
        let Parts { region, account, name, qualifier: derived } = Parts::of(text);
        if let Some(theirs) = region.filter(|region| *region != context.region.as_str()) {
            // Recorded: `test_get_function_wrong_region`, `function_arn_other_region_exc`.
            let ours = &context.region;
            let text = format!("Functions from '{theirs}' are not reachable in this region ('{ours}')");
            return Err(errors::RESOURCE_NOT_FOUND.fault(text));
        }
        if account.is_some_and(|account| account != context.account.as_str()) {
            // Recorded: `function_arn_other_account_exc`, without a text.
            return Err(access_denied(""));
        }
        if let (Some(derived), Some(given)) = (derived, qualifier)
            && derived != given
        {
            // Recorded: `test_ops_with_arn_qualifier_mismatch`.
            return Err(invalid(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        Ok(Self {
            account: context.account.clone(),
            region: context.region.clone(),
            name: name.to_owned(),
            qualifier: qualifier.or(derived).map(str::to_owned),
        })
    }

    /// The qualifier as it was written, in either place.
    pub(crate) fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }

    /// The function, if there can be one of that name.
    ///
    /// # Errors
    /// "Function not found", with the ARN as it would be.
    pub(crate) fn named(self) -> Result<Named, Fault> {
        let qualifier = match &self.qualifier {
            Some(text) => Some(text.parse().map_err(|_| not_found(&self.arn()))?),
            None => None,
        };
        let name = self.name.parse().map_err(|_| not_found(&self.arn()))?;
        Ok(Named { id: FunctionId { account: self.account, region: self.region, name }, qualifier })
    }

    /// The function to be invoked. A call without a qualifier is told of `$LATEST` (recorded:
    /// `test_invoke_exceptions`).
    ///
    /// # Errors
    /// "Function not found", with the ARN as it would be.
    pub(crate) fn invoked(self) -> Result<Named, Fault> {
        let arn = self.arn();
        let qualified = if self.qualifier.is_some() { arn } else { format!("{arn}:$LATEST") };
        self.named().map_err(|_| not_found(&qualified))
    }

    /// The function whose `$LATEST` is to be changed, and the qualifier if one was given.
    ///
    /// # Errors
    /// "Function not found", if it names anything but `$LATEST`: nothing else can be changed.
    pub(crate) fn latest(self) -> Result<(FunctionId, Option<Qualifier>), Fault> {
        let arn = self.arn();
        match self.named()? {
            Named { id, qualifier: qualifier @ (None | Some(Qualifier::Latest)) } => Ok((id, qualifier)),
            Named { qualifier: Some(Qualifier::Version(_) | Qualifier::Alias(_)), .. } => Err(not_found(&arn)),
        }
    }

    /// The function to be made.
    ///
    /// # Errors
    /// The fault, if no function may have that name.
    pub(crate) fn new_function(self) -> Result<FunctionId, Fault> {
        if self.qualifier.is_some() {
            return Err(invalid(
                "A function is created without a qualifier: versions and aliases are made of it later.",
            ));
        }
        let Ok(name) = self.name.parse::<FunctionName>() else {
            // Recorded: `long_function_name_exc`; the words of a ValidationException under another name.
            return Err(invalid(format!(
                "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must \
                 have length less than or equal to 64",
                self.name
            )));
        };
        Ok(FunctionId { account: self.account, region: self.region, name })
    }

    fn arn(&self) -> String {
        let arn = format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }
}

/// What stands where in a spelling.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes the optional parts off from the left, as the pattern does: what could be the name is left for it, so
    /// `function` alone is a name (recorded: `incomplete_arn`).
    fn of(text: &'a str) -> Self {
        let mut parts = text.split(':').peekable();
        let mut left = text.split(':').count();
        let mut take = |wanted: &dyn Fn(&str) -> bool| {
            let taken = if left > 1 { parts.next_if(|part| wanted(part)) } else { None };
            left -= usize::from(taken.is_some());
            taken
        };
        if take(&|part| part == "arn").is_some() {
            let _partition = take(&|_| true);
            let _service = take(&|_| true);
        }
        let region = take(&|part| part.parse::<Region>().is_ok());
        let account = take(&|part| part.parse::<AccountId>().is_ok());
        let _function = take(&|part| part == "function");
        Self { region, account, name: parts.next().unwrap_or_default(), qualifier: parts.next() }
    }
}

#[cfg(test)]
mod tests;
