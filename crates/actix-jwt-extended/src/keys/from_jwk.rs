//! Keys made of JWKs, and JWKs made of keys.

#[cfg(feature = "asymmetric")]
use super::asymmetric::PrivateKey;
#[cfg(feature = "asymmetric")]
use super::invalid::{PRIVATE_KEY, PRIVATE_KEY_PASSWORD, PUBLIC_KEY, invalid};
#[cfg(feature = "asymmetric")]
use super::jwk::Material;
use super::jwk::{self, Wanted};
#[cfg(feature = "asymmetric")]
use super::public_jwk::{PublicJwk, PublicMembers};
use super::secret::check_secret;
use super::{SigningKey, VerifyingKey, not_a_setting};
#[cfg(feature = "asymmetric")]
use super::{SignsBy, Verifier};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::error::ConfigError;
#[cfg(feature = "asymmetric")]
use std::time::SystemTime;

/// Where no setting is named.
const JWK: &str = "the JWK";

impl SigningKey {
    /// A key from a JWK (RFC 7517), or from the only one of a JWK Set that fits: `oct` for `HS256`, `HS384` and `HS512`,
    /// a pair with its private members for the others.
    ///
    /// Its `alg`, `use` and `key_ops` restrict it. Its `kid` becomes the key's ID.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// let jwk = r#"{"kty":"oct","k":"YW4gZXhhbXBsZSdzIHNlY3JldCwgMzIgYnl0ZXMgb3IgbW9yZQ","kid":"2026-11"}"#;
    /// let key = SigningKey::from_jwk(Algorithm::HS256, jwk)?;
    /// assert_eq!(key.key_id(), Some("2026-11"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Text that is no such JWK, a key for another algorithm or purpose, a member twice, a weak secret, an RSA key under
    /// 2048 bits, several keys that fit.
    pub fn from_jwk(algorithm: Algorithm, text: &str) -> Result<Self, ConfigError> {
        if is_for_secrets(algorithm) {
            let wanted = Wanted::Secret { signs: true, verifies: false };
            let (secret, key_id) = jwk::secret(JWK, text, &[algorithm], wanted)?;
            check_secret(&secret, &[algorithm]).map_err(not_a_setting)?;
            return Self::from_any_secret(algorithm, &secret).map(|key| key.named(key_id));
        }
        #[cfg(feature = "asymmetric")]
        return Self::of_jwk(JWK, algorithm, &[algorithm], text);
        #[cfg(not(feature = "asymmetric"))]
        Err(super::not_for(JWK, algorithm, "a secret"))
    }

    /// The settings' private key as PEM, maybe under the password, or as a JWK that may serve `all` of these.
    #[cfg(feature = "asymmetric")]
    pub(super) fn of_text(
        algorithm: Algorithm,
        all: &[Algorithm],
        text: &str,
        password: Option<&[u8]>,
    ) -> Result<Self, ConfigError> {
        if !is_jwk(text) {
            return Self::of_setting(algorithm, text, password);
        }
        if password.is_some() {
            log::warn!(
                "{PRIVATE_KEY_PASSWORD} is set and not in force: {PRIVATE_KEY} is a JWK, which is not encrypted"
            );
        }
        Self::of_jwk(PRIVATE_KEY, algorithm, all, text)
    }

    #[cfg(feature = "asymmetric")]
    fn of_jwk(setting: &'static str, algorithm: Algorithm, all: &[Algorithm], text: &str) -> Result<Self, ConfigError> {
        let wrong = || invalid(setting, "is a JWK whose private and public members do not belong together");
        let jwk = jwk::read(setting, text, all, Wanted::Private)?;
        let Material::Private { public, label, der } = jwk.material else { return Err(wrong()) };
        let key = PrivateKey::of_der(setting, algorithm, label, &der).map_err(|error| match &error {
            // What kind of key it is was looked at before.
            ConfigError::InvalidKey { reason, .. } if reason.starts_with("is not ") => wrong(),
            _ => error,
        })?;
        if key.public_der().and_then(|der| PublicMembers::of_der(&der)) != Some(public) {
            return Err(wrong());
        }
        Ok(Self::new(algorithm, SignsBy::Private(key)).named(jwk.key_id))
    }

    pub(super) fn named(self, key_id: Option<String>) -> Self {
        match key_id {
            Some(key_id) => self.with_key_id(key_id),
            None => self,
        }
    }
}

impl VerifyingKey {
    /// A key from a JWK (RFC 7517), or from the only one of a JWK Set that fits: `oct` for `HS256`, `HS384` and `HS512`,
    /// a public key for algorithms of its family.
    ///
    /// Its `alg`, `use` and `key_ops` restrict it. Its `kid` becomes the key's ID.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// let jwk = r#"{"kty":"oct","k":"YW4gZXhhbXBsZSdzIHNlY3JldCwgMzIgYnl0ZXMgb3IgbW9yZQ","alg":"HS384"}"#;
    /// let error = VerifyingKey::from_jwk(&[Algorithm::HS256], jwk).unwrap_err();
    /// assert_eq!(error.to_string(), r#"the JWK is a JWK with the `alg` "HS384"; it cannot serve HS256"#);
    /// ```
    ///
    /// # Errors
    /// As of [`SigningKey::from_jwk`]; a private key.
    pub fn from_jwk(algorithms: &[Algorithm], text: &str) -> Result<Self, ConfigError> {
        if algorithms.iter().all(|algorithm| is_for_secrets(*algorithm)) {
            let wanted = Wanted::Secret { signs: false, verifies: true };
            let (secret, key_id) = jwk::secret(JWK, text, algorithms, wanted)?;
            check_secret(&secret, algorithms).map_err(not_a_setting)?;
            return Self::from_any_secret(algorithms, &secret).map(|key| key.named(key_id));
        }
        #[cfg(feature = "asymmetric")]
        return Self::of_jwk(JWK, algorithms, text);
        #[cfg(not(feature = "asymmetric"))]
        Self::from_any_secret(algorithms, &[])
    }

    /// A public key as PEM, or as a JWK. `now`: whether a certificate has expired.
    #[cfg(feature = "asymmetric")]
    pub(super) fn of_text(
        setting: &'static str,
        algorithms: &[Algorithm],
        text: &str,
        now: SystemTime,
    ) -> Result<Self, ConfigError> {
        if is_jwk(text) { Self::of_jwk(setting, algorithms, text) } else { Self::parse(setting, algorithms, text, now) }
    }

    #[cfg(feature = "asymmetric")]
    fn of_jwk(setting: &'static str, algorithms: &[Algorithm], text: &str) -> Result<Self, ConfigError> {
        let wrong = || invalid(setting, "is a JWK whose members are those of no key");
        let jwk = jwk::read(setting, text, algorithms, Wanted::Public)?;
        let Material::Public(public) = jwk.material else { return Err(wrong()) };
        let key = Self::from_der(setting, algorithms, &public.to_der()).map_err(|error| match &error {
            // What kind of key it is was looked at before; not whether its point is on the curve.
            ConfigError::InvalidKey { reason, .. } if reason.starts_with("is not ") => wrong(),
            _ => error,
        })?;
        Ok(key.named(jwk.key_id))
    }

    /// The thumbprint (RFC 7638, SHA-256) of a public key: an ID that everybody works out alike. `None` = it is a secret.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// let key = VerifyingKey::from_jwk(&[Algorithm::EdDSA], jwk)?;
    /// assert_eq!(key.thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[cfg(feature = "asymmetric")]
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        self.public_members().map(|members| members.thumbprint())
    }

    /// The public key as a JWK, with its key ID, and with its algorithm if it is for one only. `None` = it is a secret.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// let secret = VerifyingKey::from_secret(&[Algorithm::HS256], b"an example's secret, 32 bytes or more")?;
    /// assert!(secret.public_jwk().is_none());
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[cfg(feature = "asymmetric")]
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    #[must_use]
    pub fn public_jwk(&self) -> Option<PublicJwk> {
        let mut algorithms = self.algorithms();
        let algorithm = algorithms.next().filter(|_| algorithms.next().is_none());
        Some(PublicJwk::new(&self.public_members()?, algorithm, self.key_id()))
    }

    #[cfg(feature = "asymmetric")]
    fn public_members(&self) -> Option<PublicMembers> {
        match self.verifiers.first()? {
            (_, Verifier::Public(key)) => PublicMembers::of_der(&key.der()?),
            (_, Verifier::Hmac(_)) => None,
        }
    }

    pub(super) fn named(self, key_id: Option<String>) -> Self {
        match key_id {
            Some(key_id) => self.with_key_id(key_id),
            None => self,
        }
    }
}

/// The halves of the settings' pair, under the key ID that one of them has.
#[cfg(feature = "asymmetric")]
pub(super) fn with_one_name(
    pair: Option<SigningKey>,
    public: Option<VerifyingKey>,
) -> Result<(Option<SigningKey>, Option<VerifyingKey>), ConfigError> {
    let id = |id: Option<&str>| id.map(str::to_owned);
    let (private_id, public_id) =
        (id(pair.as_ref().and_then(SigningKey::key_id)), id(public.as_ref().and_then(VerifyingKey::key_id)));
    match (&private_id, &public_id) {
        (Some(private), Some(public)) if private != public => Err(ConfigError::Conflict(format!(
            "the `kid` of {PRIVATE_KEY} is {private:?} and that of {PUBLIC_KEY} {public:?}; leave one of them out"
        ))),
        _ => {
            let one = private_id.or(public_id);
            Ok((pair.map(|key| key.named(one.clone())), public.map(|key| key.named(one))))
        }
    }
}

#[cfg(feature = "asymmetric")]
fn is_jwk(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

fn is_for_secrets(algorithm: Algorithm) -> bool {
    algorithm.family() == AlgorithmFamily::Hmac
}
