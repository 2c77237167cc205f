//! Errors of files as words of the catalogue.

use std::io::{self, ErrorKind};

use super::ErrorCode;

impl ErrorCode {
    /// The word for what the operating system says of a file: `DISK_FULL` where a disk or a quota has no room left, and
    /// otherwise the word that failures of such files have. A file that is larger than the process may write (`EFBIG`) is
    /// no full disk: to free space would not help.
    #[must_use]
    pub fn of_file(error: &io::Error, otherwise: Self) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => otherwise,
        }
    }
}
