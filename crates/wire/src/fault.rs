//! An error answer: AWS's name, status and text.

use std::collections::BTreeMap;

use http::StatusCode;

/// An error as a client of AWS sees it. Each protocol spells it in its own way.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// AWS's name of the error, as the client's exception is called.
    pub code: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// The text for the caller. Empty where AWS has none: JSON then says `null`
    /// (recorded: `function_arn_other_account_exc`).
    pub message: String,
    /// Whether the body spells the text's key `Message` rather than `message`.
    pub capital_message: bool,
    /// Further members of the error's body, as `Type` or `Reason`.
    pub members: BTreeMap<&'static str, String>,
    /// Further headers, as `Retry-After`.
    pub headers: Vec<(&'static str, String)>,
}

impl Fault {
    /// A fault without further members.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            status,
            message: message.into(),
            capital_message: false,
            members: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// The same fault with `key` in its body.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.members.insert(key, value.into());
        self
    }

    /// The same fault without `key` in its body. Some of AWS's answers lack the `Type` their model names.
    #[must_use]
    pub fn without(mut self, key: &'static str) -> Self {
        self.members.remove(key);
        self
    }

    /// The same fault with a header, as `Retry-After`.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The members of a JSON body.
    pub(crate) fn json(&self) -> BTreeMap<&'static str, Option<&str>> {
        let mut body: BTreeMap<_, _> = self.members.iter().map(|(key, value)| (*key, Some(value.as_str()))).collect();
        let text = (!self.message.is_empty()).then_some(self.message.as_str());
        body.insert(if self.capital_message { "Message" } else { "message" }, text);
        body
    }
}
