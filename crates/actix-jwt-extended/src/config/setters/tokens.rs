//! Setters: the keys, and what issued and accepted tokens are.

use super::setters;
use crate::claims::Algorithm;
use crate::config::{JwtConfig, KeySetting, Lifetime, OneOrMany, PemSource, SecretSource};
use std::path::PathBuf;
use std::time::Duration;

setters! {
    /// How long an access token lives; 15 minutes by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Lifetime};
    /// let hour = JwtConfig::new().access_token_expires(std::time::Duration::from_secs(3600));
    /// let never = JwtConfig::new().access_token_expires(Lifetime::Never);
    /// ```
    "JWT_ACCESS_TOKEN_EXPIRES" access_token_expires(lifetime: impl Into<Lifetime>) => lifetime.into();

    /// How long a refresh token lives; 30 days by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let week = JwtConfig::new().refresh_token_expires(std::time::Duration::from_secs(7 * 86_400));
    /// ```
    "JWT_REFRESH_TOKEN_EXPIRES" refresh_token_expires(lifetime: impl Into<Lifetime>) => lifetime.into();

    /// The algorithm that signs; `HS256` by default. Tokens signed with it are accepted too.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::ES256);
    /// ```
    "JWT_ALGORITHM" algorithm(algorithm: Algorithm) => algorithm;

    /// The algorithms that are accepted besides `JWT_ALGORITHM`; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_algorithms([Algorithm::HS512]);
    /// ```
    "JWT_DECODE_ALGORITHMS" decode_algorithms(algorithms: impl Into<Vec<Algorithm>>) => Some(algorithms.into());

    /// The secret of the `HS*` algorithms: at least as many bytes as the hash has (RFC 7518 §3.2).
    ///
    /// `base64:…` and `hex:…` stand for the bytes that they encode, a JWK (`oct`) for its own.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key(std::env::var("SECRET").unwrap_or_default());
    /// ```
    "JWT_SECRET_KEY" secret_key(secret: impl Into<String>) => Some(SecretSource::new(secret.into()));

    /// The private key of all other algorithms: PEM, a JWK, or the path of a file with one.
    ///
    /// Without it tokens can be verified, not issued.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::EdDSA).private_key("/etc/app/jwt.pem");
    /// ```
    "JWT_PRIVATE_KEY" private_key(pem_or_path: impl Into<String>) => Some(PemSource::new(pem_or_path.into()));

    /// The password of a private key that is encrypted (PKCS#8 with PBES2).
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::ES256).private_key("/etc/app/jwt.pem");
    /// let config = config.private_key_password(std::env::var("PASSWORD").unwrap_or_default());
    /// ```
    "JWT_PRIVATE_KEY_PASSWORD" private_key_password(password: impl Into<String>) => Some(SecretSource::new(password.into()));

    /// The public key of all other algorithms: PEM, a JWK, or the path of a file with one.
    ///
    /// Without it the private key's public half is taken.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::RS256).public_key("/etc/app/jwt.pub.pem");
    /// ```
    "JWT_PUBLIC_KEY" public_key(pem_or_path: impl Into<String>) => Some(PemSource::new(pem_or_path.into()));

    /// Keys with what each of them does; see [`KeySetting`]. In a settings file these are tables, `[[JWT_KEYS]]`. Off by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// use actix_jwt_extended::keys::{Algorithm, KeySetting};
    /// let config = JwtConfig::new().keys([KeySetting::private_key(Algorithm::ES256, "/etc/app/jwt.pem")]);
    /// ```
    "JWT_KEYS" keys(keys: impl Into<Vec<KeySetting>>) => keys.into();

    /// A directory with a file for each key, and `keys.json`, which says from when to when each does what. It is followed: what
    /// changes there is in force within a second. Off by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().keys_dir("/etc/app/keys");
    /// ```
    "JWT_KEYS_DIR" keys_dir(path: impl Into<PathBuf>) => Some(path.into());

    /// How old a key of `JWT_KEYS_DIR` becomes. At half of it the next one is made, if the directory can be written to; that one takes
    /// over when a sixth is left. 90 days by default; never with [`Lifetime::Never`].
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// use std::time::Duration;
    /// let config = JwtConfig::new().key_lifetime(Duration::from_secs(30 * 86_400));
    /// ```
    "JWT_KEY_LIFETIME" key_lifetime(lifetime: impl Into<Lifetime>) => lifetime.into();

    /// Accepts files in `JWT_KEYS_DIR` that others than their owner can read, as Kubernetes mounts secrets. Off by default: such
    /// a file is an error, in a debug build a warning.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().keys_dir("/etc/app/keys").allow_readable_keys(true);
    /// ```
    "JWT_ALLOW_READABLE_KEYS" allow_readable_keys(allow: bool) => allow;

    /// For how long others may keep this application's public keys (RFC 9111 §5.2.2.1). A new key is published for this
    /// long, and `JWT_DECODE_LEEWAY`, before it signs. An hour by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// use std::time::Duration;
    /// let config = JwtConfig::new().jwks_max_age(Duration::from_secs(10 * 60));
    /// ```
    "JWT_JWKS_MAX_AGE" jwks_max_age(max_age: Duration) => max_age;

    /// Audiences of which a token must name one (RFC 7519 §4.1.3); by default `aud` is not looked at.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_audience(["web", "app"]);
    /// ```
    "JWT_DECODE_AUDIENCE" decode_audience(audience: impl Into<OneOrMany>) => Some(audience.into());

    /// The `aud` of issued tokens; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_audience("web");
    /// ```
    "JWT_ENCODE_AUDIENCE" encode_audience(audience: impl Into<OneOrMany>) => Some(audience.into());

    /// Issuers of which a token must name one (RFC 7519 §4.1.1); by default `iss` is not looked at.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_issuer("https://login.example");
    /// ```
    "JWT_DECODE_ISSUER" decode_issuer(issuer: impl Into<OneOrMany>) => Some(issuer.into());

    /// The `iss` of issued tokens; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_issuer("https://login.example");
    /// ```
    "JWT_ENCODE_ISSUER" encode_issuer(issuer: impl Into<String>) => Some(issuer.into());

    /// How far clocks may differ when `exp`, `nbf` and `iat` are judged; 0 by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_leeway(std::time::Duration::from_secs(10));
    /// ```
    "JWT_DECODE_LEEWAY" decode_leeway(leeway: Duration) => leeway;

    /// Whether issued tokens carry `nbf`; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_nbf(false);
    /// ```
    "JWT_ENCODE_NBF" encode_nbf(on: bool) => on;

    /// Whether `sub` must be a string (RFC 7519 §4.1.2); true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().verify_sub(false);
    /// ```
    "JWT_VERIFY_SUB" verify_sub(on: bool) => on;

    /// Whether a token must carry `exp`. By default it must where there is no signing key, so that all tokens are
    /// somebody else's; a manager that issues tokens itself accepts its own that never expire.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().require_exp(true);
    /// ```
    "JWT_REQUIRE_EXP" require_exp(on: bool) => Some(on);

    /// Whether a token must carry `type`; false by default, where one without it counts as an access token.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().require_type(true);
    /// ```
    "JWT_REQUIRE_TYPE" require_type(on: bool) => on;

    /// Further values of the claim `type` that make an access token; by default only `access` does.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().accept_type_claims("access_token");
    /// ```
    "JWT_ACCEPT_TYPE_CLAIMS" accept_type_claims(values: impl Into<OneOrMany>) => Some(values.into());

    /// Further values of the header parameter `typ` that are accepted besides `JWT`, `at+jwt` (RFC 9068 §2.1) and
    /// none; in any case, with or without `application/` (RFC 7515 §4.1.9).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().accept_typ_headers("vnd.example.access+jwt");
    /// ```
    "JWT_ACCEPT_TYP_HEADERS" accept_typ_headers(values: impl Into<OneOrMany>) => Some(values.into());

    /// Accepts tokens that are bound to a key or certificate by `cnf` (RFC 7800); false by default. The application
    /// must check the proof itself, or the binding is worth nothing.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().accept_cnf(true);
    /// ```
    "JWT_ACCEPT_CNF" accept_cnf(on: bool) => on;

    /// The claim that holds the identity; `sub` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().identity_claim("user_id");
    /// ```
    "JWT_IDENTITY_CLAIM" identity_claim(name: impl Into<String>) => name.into();

    /// The longest token that is looked at, and issued, in bytes; 8000 by default.
    ///
    /// In a header it must pass every proxy in front of the application: nginx, Apache httpd and Varnish refuse lines of more than
    /// some 8,190 bytes unless they are told otherwise. A cookie is never longer than 4,096 bytes.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_token_size(4096);
    /// ```
    "JWT_MAX_TOKEN_SIZE" max_token_size(bytes: usize) => bytes;

    /// How many verified tokens each worker remembers, so that it need not verify them again; 4096 by default.
    ///
    /// A token is recognised by all of its text. One is 2.5 KiB of memory: a token with long or many claims counts
    /// as several.
    /// Expiry, type, freshness, revocation and scopes are checked each time. 0 turns it off; so does a
    /// `decode_key_loader`.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let off = JwtConfig::new().token_cache_size(0);
    /// ```
    "JWT_TOKEN_CACHE_SIZE" token_cache_size(tokens: usize) => tokens;

    /// Whether a secret that is too short, repeats itself or is well known is accepted, with a warning; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let for_a_test = JwtConfig::new().secret_key("super-secret").allow_weak_secret(true);
    /// ```
    "JWT_ALLOW_WEAK_SECRET" allow_weak_secret(on: bool) => on;
}

impl JwtConfig {
    /// The secret as bytes, such as Python's `os.urandom(64)`. In settings these are written `base64:…` or `hex:…`.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key_bytes(*b"\xf0 an example's secret, 32 bytes or more");
    /// ```
    ///
    /// Setting: `JWT_SECRET_KEY`.
    #[must_use]
    pub fn secret_key_bytes(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret_key = Some(SecretSource::of_bytes(secret.into()));
        self
    }

    /// The file that holds the secret, such as Docker's `/run/secrets/…`. One line end at its end is cut off.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key_file("/run/secrets/jwt");
    /// ```
    ///
    /// Setting: `JWT_SECRET_KEY`, with `_FILE` behind the name.
    #[must_use]
    pub fn secret_key_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.secret_key = Some(SecretSource::File(path.into()));
        self
    }
}
