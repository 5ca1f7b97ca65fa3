//! A store's failure, with the reason that its client library gave.

use std::error::Error;
use std::fmt;

/// Why a store could not answer. The client gets 503; the reason goes to the log.
///
/// ```
/// use actix_jwt_extended::store::StoreError;
/// use std::error::Error as _;
///
/// let error = StoreError::new(std::io::Error::other("connection refused"));
/// assert_eq!(error.to_string(), "the token store failed: connection refused");
/// assert!(error.source().is_some() && !error.is_timeout());
/// ```
#[derive(Debug)]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
    timeout: bool,
}

impl StoreError {
    /// Wraps the error of a client library, or says in words what is wrong.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), timeout: false }
    }

    pub(crate) fn timed_out() -> Self {
        Self { source: "no answer within JWT_STORE_TIMEOUT".into(), timeout: true }
    }

    /// Whether it did not answer within `JWT_STORE_TIMEOUT`.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timeout
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token store failed: {}", self.source)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
