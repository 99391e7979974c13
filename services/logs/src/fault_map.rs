//! Pairs our errors with AWS's names and texts; nothing else in this crate knows them.
//!
//! Texts marked *recorded* are AWS's to the letter. The others say the same in words of our own, because no recording
//! and no page has AWS's.

use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs::errors;

use crate::api::Unclear;
use crate::facts::{GroupNotFound, InvalidToken, StreamNotFound};
use crate::ingest::{PutEventsError, PutRefusal};
use crate::manage::{
    CreateGroupError, CreateStreamError, DeleteGroupError, GroupError, RETENTION_DAYS, RetentionError, StreamError,
    TagError,
};
use crate::pattern::InvalidPattern;
use crate::read::{FilterEventsError, GetEventsError};
use crate::storage::StorageError;

/// Facts, each of which is said in one way only.
macro_rules! facts {
    ($($fact:ty => $error:ident, $text:expr;)*) => {$(
        impl From<$fact> for Fault {
            fn from(_: $fact) -> Self {
                errors::$error.fault($text)
            }
        }
    )*};
}

facts! {
    // All recorded.
    GroupNotFound => RESOURCE_NOT_FOUND, "The specified log group does not exist.";
    StreamNotFound => RESOURCE_NOT_FOUND, "The specified log stream does not exist.";
    InvalidToken => INVALID_PARAMETER, "The specified nextToken is invalid.";
}

impl From<InvalidPattern> for Fault {
    fn from(error: InvalidPattern) -> Self {
        // The pattern's own texts are recorded.
        errors::INVALID_PARAMETER.fault(error.to_string())
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Contended => errors::OPERATION_ABORTED
                .fault("Multiple concurrent requests to update the same resource were in conflict."),
            StorageError::Store(_) | StorageError::Damaged { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "the log store failed");
                errors::SERVICE_UNAVAILABLE.fault("The service cannot complete the request.")
            }
        }
    }
}

impl From<Unclear> for Fault {
    fn from(unclear: Unclear) -> Self {
        match unclear {
            // Recorded.
            Unclear::NameAndIdentifier => {
                errors::VALIDATION.fault("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
            }
            Unclear::NoGroup => errors::VALIDATION.fault("Either LogGroup name or LogGroup ARN must be specified."),
            Unclear::NamesAndPrefix => errors::INVALID_PARAMETER
                .fault("logStreamNames and logStreamNamePrefix are mutually exclusive parameters."),
            // Recorded.
            Unclear::PrefixAndPattern => errors::INVALID_PARAMETER
                .fault("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."),
            Unclear::IdentifiersAndOthers => errors::INVALID_PARAMETER
                .fault("LogGroup identifiers and other filters are mutually exclusive parameters."),
            // Recorded.
            Unclear::LastEventAndPrefix => {
                errors::INVALID_PARAMETER.fault("Cannot order by LastEventTime with a logStreamNamePrefix.")
            }
            Unclear::NoSuchKey => errors::INVALID_PARAMETER.fault("The specified KMS Key Id could not be found."),
            Unclear::ResourceArn => errors::RESOURCE_NOT_FOUND.fault("The specified resource does not exist."),
            Unclear::SystemTag(key) => errors::INVALID_PARAMETER
                .fault(format!("Tag keys starting with 'aws:' are reserved for system use: {key}")),
        }
    }
}

impl From<CreateGroupError> for Fault {
    fn from(error: CreateGroupError) -> Self {
        match error {
            // Recorded, without a full stop.
            CreateGroupError::Exists => errors::RESOURCE_ALREADY_EXISTS.fault("The specified log group already exists"),
            CreateGroupError::Storage(error) => error.into(),
        }
    }
}

impl From<DeleteGroupError> for Fault {
    fn from(error: DeleteGroupError) -> Self {
        match error {
            DeleteGroupError::NoGroup(fact) => fact.into(),
            DeleteGroupError::Protected => errors::VALIDATION
                .fault("The specified log group cannot be deleted because deletion protection is enabled."),
            DeleteGroupError::Storage(error) => error.into(),
        }
    }
}

impl From<GroupError> for Fault {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::NoGroup(fact) => fact.into(),
            GroupError::Storage(error) => error.into(),
        }
    }
}

impl From<RetentionError> for Fault {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Days(days) => {
                let allowed: Vec<String> = RETENTION_DAYS.iter().map(u16::to_string).collect();
                errors::INVALID_PARAMETER.fault(format!(
                    "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: \
                     Member must satisfy enum value set: [{}]",
                    allowed.join(", ")
                ))
            }
            RetentionError::FixedByClass => {
                errors::INVALID_PARAMETER.fault("The retention of a log group of the DELIVERY class cannot be changed.")
            }
            RetentionError::NoGroup(fact) => fact.into(),
            RetentionError::Storage(error) => error.into(),
        }
    }
}

impl From<TagError> for Fault {
    fn from(error: TagError) -> Self {
        match error {
            TagError::TooMany => errors::TOO_MANY_TAGS.fault("A resource can have no more than 50 tags."),
            TagError::NoGroup(fact) => fact.into(),
            TagError::Storage(error) => error.into(),
        }
    }
}

impl From<CreateStreamError> for Fault {
    fn from(error: CreateStreamError) -> Self {
        match error {
            // Recorded, without a full stop.
            CreateStreamError::Exists => {
                errors::RESOURCE_ALREADY_EXISTS.fault("The specified log stream already exists")
            }
            CreateStreamError::NoGroup(fact) => fact.into(),
            CreateStreamError::Storage(error) => error.into(),
        }
    }
}

impl From<StreamError> for Fault {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::NoGroup(fact) => fact.into(),
            StreamError::NoStream(fact) => fact.into(),
            StreamError::Storage(error) => error.into(),
        }
    }
}

impl From<PutEventsError> for Fault {
    fn from(error: PutEventsError) -> Self {
        match error {
            PutEventsError::NoGroup(fact) => fact.into(),
            PutEventsError::NoStream(fact) => fact.into(),
            PutEventsError::Refused(refusal) => errors::INVALID_PARAMETER.fault(match refusal {
                // Recorded.
                PutRefusal::NotChronological => {
                    "Log events in a single PutLogEvents request must be in chronological order.".to_owned()
                }
                // Recorded.
                PutRefusal::SpansTooLong => {
                    "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
                        .to_owned()
                }
                // Seen in reports of several clients.
                PutRefusal::TooLarge { bytes, max } => {
                    format!("Upload too large: {bytes} bytes exceeds limit of {max}")
                }
            }),
            PutEventsError::Storage(error) => error.into(),
        }
    }
}

impl From<GetEventsError> for Fault {
    fn from(error: GetEventsError) -> Self {
        match error {
            GetEventsError::NoGroup(fact) => fact.into(),
            GetEventsError::NoStream(fact) => fact.into(),
            GetEventsError::Token(fact) => fact.into(),
            GetEventsError::Storage(error) => error.into(),
        }
    }
}

impl From<FilterEventsError> for Fault {
    fn from(error: FilterEventsError) -> Self {
        match error {
            FilterEventsError::NoGroup(fact) => fact.into(),
            FilterEventsError::NoStream(fact) => fact.into(),
            FilterEventsError::Pattern(error) => error.into(),
            FilterEventsError::Token(fact) => fact.into(),
            FilterEventsError::BackwardTooEarly => errors::INVALID_PARAMETER
                .fault("startFromHead can be false only if startTime is on or after January 1, 2024 00:00:00 UTC."),
            FilterEventsError::Storage(error) => error.into(),
        }
    }
}
