//! [`SharedSigner`]: a signer within its limits.

use super::signer::{SignRequest, Signer, SignerFuture, SignerKeys};
use crate::error::SignerError;
use futures_util::FutureExt as _;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

const TIMEOUT: Duration = Duration::from_secs(2);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
const IN_FLIGHT: usize = 64;

/// Any [`Signer`], with a limit to how long it may take and how much it is asked at once. Clones share both.
///
/// Every `Signer` becomes one by `into()`. Keys of one HSM should share one, so that the limit is the HSM's.
///
/// ```
/// use actix_jwt_extended::keys::{SharedSigner, Signer};
/// use std::time::Duration;
/// fn limited(hsm: impl Signer + 'static) -> SharedSigner {
///     SharedSigner::from(hsm).timeout(Duration::from_millis(500)).max_in_flight(8)
/// }
/// ```
#[derive(Clone)]
pub struct SharedSigner {
    signer: Arc<dyn Signer>,
    timeout: Duration,
    in_flight: Arc<Semaphore>,
    max_token_lifetime: Option<Duration>,
}

impl<S: Signer + 'static> From<S> for SharedSigner {
    fn from(signer: S) -> Self {
        let max_token_lifetime = signer.max_token_lifetime();
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
        Self { signer: Arc::new(signer), timeout: TIMEOUT, in_flight, max_token_lifetime }
    }
}

impl fmt::Debug for SharedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSigner").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl SharedSigner {
    /// A signature that takes longer is given up, and its token is not issued: 2 seconds by default, a day at most. The wait for
    /// others that are in flight is part of it.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.min(LONGEST_TIMEOUT), ..self }
    }

    /// So many signatures are made at once, 64 by default and at least one; more wait within the
    /// [`timeout`](Self::timeout). Clones that were made before keep their own limit.
    #[must_use]
    pub fn max_in_flight(self, signatures: usize) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(signatures.clamp(1, Semaphore::MAX_PERMITS))), ..self }
    }

    /// Asks for the public keys, within the [`timeout`](Self::timeout).
    ///
    /// ```
    /// use actix_jwt_extended::keys::{SharedSigner, SigningKey};
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use std::error::Error;
    /// async fn manager(hsm: SharedSigner) -> Result<JwtManager, Box<dyn Error>> {
    ///     let keys = hsm.keys().await?;
    ///     let active = keys.active();
    ///     let signing = SigningKey::remote(active.algorithm(), hsm, active.verifying_key()?)?;
    ///     let mut builder = JwtManager::builder(JwtConfig::new()).signing_key(signing);
    ///     for key in keys.others() {
    ///         builder = builder.verifying_key(key.verifying_key()?);
    ///     }
    ///     Ok(builder.build()?)
    /// }
    /// ```
    ///
    /// # Errors
    /// The signer's own, and where it does not answer in time.
    pub async fn keys(&self) -> Result<SignerKeys, SignerError> {
        self.ask(|| self.signer.keys()).await
    }

    pub(super) async fn sign(&self, request: SignRequest<'_>) -> Result<Vec<u8>, SignerError> {
        self.ask(|| self.signer.sign(request)).await
    }

    pub(super) fn max_token_lifetime(&self) -> Option<Duration> {
        self.max_token_lifetime
    }

    pub(super) fn limit(&self) -> Duration {
        self.timeout
    }

    async fn ask<'a, T>(&'a self, ask: impl FnOnce() -> SignerFuture<'a, T>) -> Result<T, SignerError> {
        let deadline = Instant::now() + self.timeout;
        let busy = || SignerError::busy(self.timeout);
        let _permit = match timeout_at(deadline, self.in_flight.acquire()).await {
            // Nobody would wait for what is begun now.
            Ok(Ok(permit)) if Instant::now() < deadline => permit,
            // Nobody closes it.
            _ => return Err(busy()),
        };
        let panicked = |_| SignerError::new("it panicked");
        let answer = catch_unwind(AssertUnwindSafe(ask)).map_err(panicked)?;
        match timeout_at(deadline, AssertUnwindSafe(answer).catch_unwind()).await {
            Ok(answer) => answer.map_err(panicked)?,
            Err(_) => Err(SignerError::timed_out(self.timeout)),
        }
    }
}
