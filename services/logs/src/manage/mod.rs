//! Groups and streams as their owners handle them, and the removal of what is no longer kept.

mod groups;
mod streams;
mod sweep;

pub use groups::{CreateGroupError, DeleteGroupError, GroupError, RetentionError, TagError};
pub use streams::{CreateStreamError, StreamError};

pub(crate) use groups::{GroupListing, GroupQuery, RETENTION_DAYS};
pub(crate) use streams::{StreamListing, StreamOrder, StreamPlace, StreamQuery};
