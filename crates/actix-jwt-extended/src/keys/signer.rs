//! [`Signer`]: who makes signatures with keys that are not in this process.

use crate::claims::Algorithm;
use crate::error::SignerError;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Signer`] answers with, in a while.
pub type SignerFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SignerError>> + Send + 'a>>;

/// Makes signatures with private keys that it keeps: a cloud's KMS, an HSM, PKCS#11, another process.
///
/// Give it to [`SigningKey::remote`](super::SigningKey::remote). [`SharedSigner`](super::SharedSigner) limits how long
/// and how often at once it is asked. Every signature is verified before a token leaves.
///
/// ```
/// use actix_jwt_extended::keys::{SignRequest, Signer, SignerError, SignerFuture, ecdsa_signature_from_der};
/// # struct KmsClient;
/// # impl KmsClient {
/// #     async fn sign(&self, _key: &str, _digest: &[u8]) -> Result<Vec<u8>, std::io::Error> { Ok(Vec::new()) }
/// # }
///
/// struct Kms {
///     client: KmsClient,
///     key: String,
/// }
///
/// impl Signer for Kms {
///     fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
///         Box::pin(async move {
///             let digest = request.digest().ok_or_else(|| SignerError::new("not for this algorithm"))?;
///             let der = self.client.sign(&self.key, &digest).await.map_err(SignerError::new)?;
///             ecdsa_signature_from_der(request.algorithm(), &der)
///         })
///     }
/// }
/// ```
pub trait Signer: Send + Sync {
    /// The signature of [`signing_input`](SignRequest::signing_input) in the form of RFC 7518 §3: for ECDSA `r` and `s`
    /// one after the other, as [`ecdsa_signature_from_der`](super::ecdsa_signature_from_der) makes them.
    ///
    /// It runs on a worker's thread, and must not block it: what blocks, such as a PKCS#11 call, goes to
    /// [`web::block`](actix_web::web::block).
    ///
    /// It is asked once for each token, and never again for the same one. Where the limits or the client do not wait any
    /// longer, the future is dropped.
    fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>>;

    /// The public keys, and when to ask again. [`SharedSigner::keys`](super::SharedSigner::keys) calls it; needed only
    /// where the application does not know them from elsewhere.
    fn keys(&self) -> SignerFuture<'_, SignerKeys> {
        Box::pin(async { Err(SignerError::new("it does not tell its public keys")) })
    }

    /// No token may live longer than this; `None` = it does not mind. Asked once, when it becomes a
    /// [`SharedSigner`](super::SharedSigner).
    fn max_token_lifetime(&self) -> Option<Duration> {
        None
    }
}

impl<S: Signer + ?Sized> Signer for Arc<S> {
    fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
        (**self).sign(request)
    }

    fn keys(&self) -> SignerFuture<'_, SignerKeys> {
        (**self).keys()
    }

    fn max_token_lifetime(&self) -> Option<Duration> {
        (**self).max_token_lifetime()
    }
}

/// What a [`Signer`] is to sign, and with which key.
///
/// ```
/// use actix_jwt_extended::keys::SignRequest;
/// fn line(request: &SignRequest<'_>) -> String {
///     format!("{} bytes for {} with {:?}", request.signing_input().len(), request.algorithm(), request.key_id())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<&'a str>,
    pub(super) signing_input: &'a [u8],
}

impl<'a> SignRequest<'a> {
    /// The algorithm that the token names.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` that the token names: which of its keys the signer must use, where it has several.
    #[must_use]
    pub fn key_id(&self) -> Option<&'a str> {
        self.key_id
    }

    /// The bytes to sign (RFC 7515 §5.1): the first two segments of the token and the dot between them.
    #[must_use]
    pub fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// The hash of the bytes to sign, for signers that take a digest: SHA-256, SHA-384 or SHA-512, as the algorithm says.
    /// `None` for EdDSA and ML-DSA, which sign the bytes themselves.
    #[must_use]
    pub fn digest(&self) -> Option<Vec<u8>> {
        use Algorithm::{ES256, ES384, ES512, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
        let input = self.signing_input;
        Some(match self.algorithm {
            HS256 | RS256 | PS256 | ES256 => Sha256::digest(input).to_vec(),
            HS384 | RS384 | PS384 | ES384 => Sha384::digest(input).to_vec(),
            HS512 | RS512 | PS512 | ES512 => Sha512::digest(input).to_vec(),
            _ => return None,
        })
    }
}

impl fmt::Debug for SignRequest<'_> {
    /// Without the claims.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The public keys of a [`Signer`].
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, SignerKey, SignerKeys};
/// use std::time::Duration;
/// fn keys(active: String, next: String) -> SignerKeys {
///     let key = |key_id: &str, pem| SignerKey::new(Algorithm::ES256, key_id, pem);
///     SignerKeys::new(key("2026", active)).and(key("2027", next)).refresh_after(Duration::from_secs(3600))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct SignerKeys {
    active: SignerKey,
    others: Vec<SignerKey>,
    refresh_hint: Option<Duration>,
}

impl SignerKeys {
    /// The key that signs.
    #[must_use]
    pub fn new(active: SignerKey) -> Self {
        Self { active, others: Vec::new(), refresh_hint: None }
    }

    /// A key that verifies too: the next one, or one that signed before.
    #[must_use]
    pub fn and(mut self, key: SignerKey) -> Self {
        self.others.push(key);
        self
    }

    /// Says that the keys should be asked for again after this long.
    #[must_use]
    pub fn refresh_after(self, duration: Duration) -> Self {
        Self { refresh_hint: Some(duration), ..self }
    }

    /// The key that signs.
    #[must_use]
    pub fn active(&self) -> &SignerKey {
        &self.active
    }

    /// Those that only verify.
    #[must_use]
    pub fn others(&self) -> &[SignerKey] {
        &self.others
    }

    /// After how long to ask again, if the signer says so.
    #[must_use]
    pub fn refresh_hint(&self) -> Option<Duration> {
        self.refresh_hint
    }
}

/// One of a [`Signer`]'s public keys.
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, SignerKey};
/// let key = SignerKey::new(Algorithm::ES256, "2026", "-----BEGIN PUBLIC KEY-----\n…");
/// assert_eq!(key.key_id(), "2026");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerKey {
    algorithm: Algorithm,
    key_id: String,
    pem: String,
}

impl SignerKey {
    /// A key with its algorithm, its ID, and itself in PEM (SPKI).
    #[must_use]
    pub fn new(algorithm: Algorithm, key_id: impl Into<String>, pem: impl Into<String>) -> Self {
        Self { algorithm, key_id: key_id.into(), pem: pem.into() }
    }

    /// The algorithm that it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key itself, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}
