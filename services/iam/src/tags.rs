//! Tags: keys with values, the keys unique whatever their case.

use std::collections::BTreeMap;

/// What an entity is tagged with, at most [`TAGS_MAX`] of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

/// How many tags an entity may have. Source: IAM quotas, and Smithy shape `tagListType`.
pub const TAGS_MAX: usize = 50;

/// Tags were not taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagsError {
    /// One key was given twice in one call.
    #[error("Duplicate tag keys found. Please note that Tag keys are case insensitive.")]
    Duplicate,
    /// There would be more than [`TAGS_MAX`].
    #[error("The number of tags has reached the maximum limit.")]
    TooMany,
}

impl Tags {
    /// The same with `more`, which replace those of equal keys.
    ///
    /// # Errors
    /// [`TagsError`]; then nothing has changed.
    pub fn with(&self, more: impl IntoIterator<Item = (String, String)>) -> Result<Self, TagsError> {
        let mut tags = self.clone();
        let mut seen = Vec::new();
        for (key, value) in more {
            let folded = key.to_lowercase();
            if seen.contains(&folded) {
                return Err(TagsError::Duplicate);
            }
            tags.0.retain(|known, _| known.to_lowercase() != folded);
            tags.0.insert(key, value);
            seen.push(folded);
        }
        if tags.0.len() > TAGS_MAX { Err(TagsError::TooMany) } else { Ok(tags) }
    }

    /// The same without `keys`; one that is not there is no mistake.
    #[must_use]
    pub fn without(&self, keys: &[String]) -> Self {
        let gone: Vec<String> = keys.iter().map(|key| key.to_lowercase()).collect();
        let left = self.0.iter().filter(|(key, _)| !gone.contains(&key.to_lowercase()));
        Self(left.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Tags as they were kept: they were checked when they came.
    pub(crate) fn kept(tags: BTreeMap<String, String>) -> Self {
        Self(tags)
    }

    /// Key and value, ordered by key.
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn keys_are_one_whatever_their_case() {
        let tags = Tags::default().with([pair("Team", "a"), pair("env", "b")]).unwrap();
        assert_eq!(tags.with([pair("x", "1"), pair("X", "2")]), Err(TagsError::Duplicate));
        let tags = tags.with([pair("TEAM", "c")]).unwrap();
        assert_eq!(
            tags.as_map().iter().collect::<Vec<_>>(),
            [(&"TEAM".to_owned(), &"c".to_owned()), (&"env".to_owned(), &"b".to_owned())]
        );
        assert_eq!(tags.without(&["team".to_owned(), "none".to_owned()]).as_map().len(), 1);
    }

    #[test]
    fn fifty_are_enough() {
        let many = |count: usize| (0..count).map(|n| pair(&n.to_string(), ""));
        let full = Tags::default().with(many(TAGS_MAX)).unwrap();
        assert_eq!(full.with([pair("one more", "")]), Err(TagsError::TooMany));
        assert!(full.with([pair("1", "other")]).is_ok());
    }
}
