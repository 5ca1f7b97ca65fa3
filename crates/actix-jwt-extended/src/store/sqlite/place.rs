//! Whether the file is still the one that was opened: a restored backup, moved or copied over it, knows less than
//! was acknowledged.

use crate::store::StoreError;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the file was opened, and which it was.
pub(super) struct Place {
    path: PathBuf,
    opened: FileId,
    /// The log has been told that another file is there.
    is_told: AtomicBool,
    /// What was written is not in the file any more. Only a new start can settle that.
    is_put_back: AtomicBool,
}

/// Device and inode; nothing on systems where an open file can be neither replaced nor deleted.
#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = ();

#[cfg(unix)]
fn identify(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identify(path: &Path) -> io::Result<FileId> {
    fs::metadata(path).map(drop)
}

impl Place {
    pub(super) fn of(path: PathBuf) -> Result<Self, StoreError> {
        let opened = identify(&path).map_err(StoreError::new)?;
        Ok(Self { path, opened, is_told: AtomicBool::new(false), is_put_back: AtomicBool::new(false) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// To be asked after reading, before the answer is believed, and after writing, before it is acknowledged.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.is_put_back.load(Ordering::SeqCst) {
            return Err(StoreError::new(Displaced::PutBack));
        }
        let found = match identify(&self.path) {
            Ok(found) if found == self.opened => {
                if self.is_told.swap(false, Ordering::Relaxed) {
                    log::warn!(
                        "{}: the file that was opened is back; the token store serves again",
                        self.path.display()
                    );
                }
                return Ok(());
            }
            Ok(_) => Displaced::Replaced,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Displaced::Deleted,
            Err(error) => return Err(StoreError::new(error)),
        };
        if !self.is_told.swap(true, Ordering::Relaxed) {
            log::error!("{}: {found}", self.path.display());
        }
        Err(StoreError::new(found))
    }

    /// From now on every answer is a failure.
    pub(super) fn is_put_back(&self) -> Displaced {
        if !self.is_put_back.swap(true, Ordering::SeqCst) {
            log::error!("{}: {}", self.path.display(), Displaced::PutBack);
        }
        Displaced::PutBack
    }
}

/// Why the file cannot be relied on.
#[derive(Debug)]
pub(super) enum Displaced {
    Replaced,
    Deleted,
    PutBack,
}

impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => {
                "another file has taken the place of the one that was opened; \
                 move that one back, or restart the program to go on with this one"
            }
            Self::Deleted => {
                "the file was deleted or moved while it was open; \
                 move it back, or restart the program to begin with an empty one"
            }
            Self::PutBack => {
                "the file does not hold what was written to it: it was put back to an earlier state; \
                 restart the program to go on with that"
            }
        })
    }
}

impl std::error::Error for Displaced {}
