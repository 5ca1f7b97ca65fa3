//! Keys that sign elsewhere.

use super::invalid::invalid;
use super::shared_signer::SharedSigner;
use super::signer::SignRequest;
#[cfg(feature = "asymmetric")]
use super::signer::SignerKey;
use super::{SigningKey, SignsBy, VerifyingKey};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::error::{ConfigError, SignerError};
use std::time::Duration;

impl SigningKey {
    /// A key whose private half a [`Signer`](super::Signer) keeps. It has the public key's `kid`, if that has one.
    ///
    /// Nothing is asked of the signer yet: see [`check`](Self::check). Tokens are made by
    /// [`encode_async`](crate::TokenBuilder::encode_async),
    /// [`create_access_token_async`](crate::JwtManager::create_access_token_async) and its sibling for refresh tokens, by sessions and by
    /// [`refresh_expiring_cookies`](crate::refresh_expiring_cookies); the methods that do not wait are
    /// [`IssueError::RemoteSigner`](crate::IssueError::RemoteSigner). It takes tokio's timers, which actix-web has running.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, Signer, SigningKey, VerifyingKey};
    /// use actix_jwt_extended::{ConfigError, JwtConfig, JwtManager};
    ///
    /// fn manager(kms: impl Signer + 'static, public_key: &str) -> Result<JwtManager, ConfigError> {
    ///     let public_key = VerifyingKey::from_pem(&[Algorithm::ES256], public_key)?;
    ///     let key = SigningKey::remote(Algorithm::ES256, kms, public_key)?.with_key_id("2026-11");
    ///     JwtManager::builder(JwtConfig::new()).signing_key(key).build()
    /// }
    /// ```
    ///
    /// # Errors
    /// A key that does not verify the algorithm; a secret, which would be in this process after all.
    pub fn remote(
        algorithm: Algorithm,
        signer: impl Into<SharedSigner>,
        public_key: VerifyingKey,
    ) -> Result<Self, ConfigError> {
        const PUBLIC_KEY: &str = "the remote signer's public key";
        if algorithm.family() == AlgorithmFamily::Hmac {
            return Err(invalid(PUBLIC_KEY, format!("must be of a key pair; {algorithm} has none")));
        }
        if !public_key.allows(algorithm) {
            return Err(invalid(PUBLIC_KEY, format!("was not made for {algorithm}; name it in `from_pem`")));
        }
        let key_id = public_key.key_id.clone();
        let key = Self::new(algorithm, SignsBy::Remote(signer.into(), public_key));
        Ok(Self { key_id, ..key })
    }

    /// Whether a [`Signer`](super::Signer) makes the signatures.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.remote_key().is_some()
    }

    /// Signs a short text, which is no token, and verifies the signature: to know at start-up, or in a readiness probe, that
    /// a remote signer answers and has the right key.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{SignerError, SigningKey};
    /// async fn is_ready(key: &SigningKey) -> bool {
    ///     key.check().await.inspect_err(|error| log::error!("{error}")).is_ok()
    /// }
    /// ```
    ///
    /// # Errors
    /// The signer's own, where it does not answer in time, and where the signature is not that of the public key.
    pub async fn check(&self) -> Result<(), SignerError> {
        const PROBE: &[u8] = b"actix-jwt-extended self-test";
        match self.is_remote() {
            true => self.sign_remotely(PROBE).await.map(drop),
            false => self.sign(PROBE).map(drop).ok_or_else(|| SignerError::new("the crypto library refused to sign")),
        }
    }

    /// The signature of a remote signer, which is one of the public key's.
    pub(crate) async fn sign_remotely(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignerError> {
        let Some((signer, public_key)) = self.remote_key() else {
            return Err(SignerError::new("the key is not remote"));
        };
        let (algorithm, key_id) = (self.algorithm, self.key_id.as_deref());
        let signature = signer.sign(SignRequest { algorithm, key_id, signing_input }).await?;
        // Another key's, or in another form: nobody could verify the token. Beside the way to the signer it costs nothing.
        match public_key.verifies(algorithm, signing_input, &signature) {
            true => Ok(signature),
            false => Err(SignerError::new(format!("its signature is none of {algorithm} by its public key"))),
        }
    }

    /// No token of this key may live longer.
    pub(crate) fn max_token_lifetime(&self) -> Option<Duration> {
        self.remote_key()?.0.max_token_lifetime()
    }

    /// How long a signature may take.
    pub(crate) fn signing_limit(&self) -> Duration {
        self.remote_key().map_or(Duration::ZERO, |(signer, _)| signer.limit())
    }

    fn remote_key(&self) -> Option<(&SharedSigner, &VerifyingKey)> {
        match &*self.signer {
            SignsBy::Remote(signer, public_key) => Some((signer, public_key)),
            _ => None,
        }
    }
}

#[cfg(feature = "asymmetric")]
impl SignerKey {
    /// The key as it verifies, with its ID.
    ///
    /// # Errors
    /// As [`VerifyingKey::from_pem`].
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    pub fn verifying_key(&self) -> Result<VerifyingKey, ConfigError> {
        Ok(VerifyingKey::from_pem(&[self.algorithm()], self.pem())?.with_key_id(self.key_id()))
    }
}
