//! A remote signer's failure, with the reason that its client library gave.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a remote signer made no signature that can be used. The client gets 503 with `Retry-After`; the reason goes to
/// the log, so it must hold no secret.
///
/// ```
/// use actix_jwt_extended::keys::SignerError;
/// use std::error::Error as _;
///
/// let error = SignerError::new(std::io::Error::other("connection refused"));
/// assert_eq!(error.to_string(), "the remote signer failed: connection refused");
/// assert!(error.source().is_some() && !error.is_timeout());
/// ```
#[derive(Debug)]
pub struct SignerError {
    source: Box<dyn Error + Send + Sync>,
    timeout: bool,
}

impl SignerError {
    /// Wraps the error of a client library, or says in words what is wrong.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), timeout: false }
    }

    pub(crate) fn timed_out(limit: Duration) -> Self {
        Self { timeout: true, ..Self::new(format!("no answer within {limit:?}")) }
    }

    pub(crate) fn busy(limit: Duration) -> Self {
        Self { timeout: true, ..Self::new(format!("too many signatures were in flight for all of {limit:?}")) }
    }

    pub(crate) fn too_late() -> Self {
        Self { timeout: true, ..Self::new("the clock says that the token's times no longer hold") }
    }

    /// Whether there was no answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timeout
    }
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the remote signer failed: {}", self.source)
    }
}

impl Error for SignerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
