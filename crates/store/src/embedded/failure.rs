//! From what SQLite and the file system say to the store's own names for it.

use std::io::ErrorKind;

use rusqlite::ErrorCode;

use crate::Failure;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let name = name(&error);
        name(Box::new(error))
    }
}

/// One failure of a batch, told to each of its requests.
impl From<&rusqlite::Error> for Failure {
    fn from(error: &rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                Self::from(rusqlite::Error::SqliteFailure(*code, message.clone()))
            }
            other => name(other)(other.to_string().into()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(Box::new(error)),
            _ => Self::Io(Box::new(error)),
        }
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn name(error: &rusqlite::Error) -> fn(Cause) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Failure::Full,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked,
        ) => Failure::Io,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Failure::Damaged,
        _ => Failure::Refused,
    }
}
