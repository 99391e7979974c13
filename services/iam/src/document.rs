//! A policy document: its text as the owner wrote it, beside what it means.

use std::sync::{Arc, OnceLock};

use lanthorn_model::policy::{Kind, MalformedPolicy, Policy};

/// A document that is a policy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    text: Text,
    /// Compiled when first asked for, if it comes from our own catalogue; at once otherwise.
    policy: Arc<OnceLock<Policy>>,
}

#[derive(Clone, Debug)]
enum Text {
    Written(Arc<str>),
    Catalogued(&'static str),
}

impl Document {
    /// Reads `text` as a policy of `kind`.
    ///
    /// # Errors
    /// [`MalformedPolicy`], in AWS's words.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, MalformedPolicy> {
        let policy = Policy::parse(text, kind)?;
        Ok(Self { text: Text::Written(text.into()), policy: Arc::new(OnceLock::from(policy)) })
    }

    /// A managed policy that our tests have shown to be one.
    pub(crate) fn catalogued(text: &'static str) -> Self {
        Self { text: Text::Catalogued(text), policy: Arc::default() }
    }

    /// The document as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.text {
            Text::Written(text) => text,
            Text::Catalogued(text) => text,
        }
    }

    /// What it means.
    ///
    /// # Panics
    /// Never: only documents of the catalogue are compiled this late, and a test holds them to the grammar.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.policy.get_or_init(|| {
            Policy::parse(self.text(), Kind::Managed).expect("the catalogue holds policies, as its test shows")
        })
    }

    /// Its size as IAM counts it for its quotas: characters that are no white space.
    ///
    /// Source: IAM quotas, "IAM doesn't count white space".
    #[must_use]
    pub fn counted_size(&self) -> usize {
        self.text().chars().filter(|c| !c.is_whitespace()).count()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Document {}
