//! The `alg` of a token (RFC 7515 §4.1.1): what signs it, and which kind of key that takes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $family:ident;)*) => {
        /// An algorithm that signs tokens, under its name in the JOSE registry.
        ///
        /// `none` is not among them, and cannot be. `ES256K` is left out: its curve serves no purpose here that P-256
        /// does not serve as well, and few verifiers know it.
        ///
        /// ```
        /// use actix_jwt_extended::keys::Algorithm;
        /// assert_eq!("ES256".parse(), Ok(Algorithm::ES256));
        /// assert_eq!(Algorithm::MlDsa44.to_string(), "ML-DSA-44");
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[non_exhaustive]
        pub enum Algorithm {
            $($(#[$doc])* $variant,)*
        }

        impl Algorithm {
            /// All of them.
            ///
            /// ```
            /// use actix_jwt_extended::keys::Algorithm;
            /// assert!(Algorithm::ALL.iter().all(|algorithm| algorithm.name().parse() == Ok(*algorithm)));
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in a token's header, as in "RS256".
            ///
            /// ```
            /// use actix_jwt_extended::keys::Algorithm;
            /// assert_eq!(Algorithm::Ed25519.name(), "Ed25519");
            /// ```
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(crate) const fn family(self) -> AlgorithmFamily {
                match self {
                    $(Self::$variant => AlgorithmFamily::$family,)*
                }
            }
        }

        impl FromStr for Algorithm {
            type Err = UnknownAlgorithm;

            fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownAlgorithm(())),
                }
            }
        }
    };
}

algorithms! {
    /// HMAC with SHA-256 (RFC 7518 §3.2).
    #[default]
    HS256 = "HS256", Hmac;
    /// HMAC with SHA-384 (RFC 7518 §3.2).
    HS384 = "HS384", Hmac;
    /// HMAC with SHA-512 (RFC 7518 §3.2).
    HS512 = "HS512", Hmac;
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    RS256 = "RS256", Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-384 (RFC 7518 §3.3).
    RS384 = "RS384", Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-512 (RFC 7518 §3.3).
    RS512 = "RS512", Rsa;
    /// RSASSA-PSS with SHA-256 (RFC 7518 §3.5).
    PS256 = "PS256", Rsa;
    /// RSASSA-PSS with SHA-384 (RFC 7518 §3.5).
    PS384 = "PS384", Rsa;
    /// RSASSA-PSS with SHA-512 (RFC 7518 §3.5).
    PS512 = "PS512", Rsa;
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    ES256 = "ES256", Ec;
    /// ECDSA on P-384 with SHA-384 (RFC 7518 §3.4).
    ES384 = "ES384", Ec;
    /// ECDSA on P-521 with SHA-512 (RFC 7518 §3.4).
    ES512 = "ES512", Ec;
    /// EdDSA with an Ed25519 key, under the name that nearly all verifiers know (RFC 8037 §3.1).
    ///
    /// A key for this is one for [`Ed25519`](Self::Ed25519) too: both names say the same signature. Which of them a key
    /// is given, it writes.
    EdDSA = "EdDSA", Ed;
    /// [`EdDSA`](Self::EdDSA) under its fully specified name (RFC 9864 §2.2).
    Ed25519 = "Ed25519", Ed;
    /// ML-DSA-44, which no quantum computer is known to break (RFC 9964, FIPS 204). Signatures of 2,420 bytes.
    MlDsa44 = "ML-DSA-44", MlDsa;
    /// ML-DSA-65 (RFC 9964, FIPS 204). Signatures of 3,309 bytes: no such token fits a cookie.
    MlDsa65 = "ML-DSA-65", MlDsa;
    /// ML-DSA-87 (RFC 9964, FIPS 204). Signatures of 4,627 bytes: no such token fits a cookie.
    MlDsa87 = "ML-DSA-87", MlDsa;
}

/// Which kind of key an algorithm takes. A key is of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlgorithmFamily {
    Hmac,
    Rsa,
    Ec,
    Ed,
    MlDsa,
}

impl Algorithm {
    /// Whether both names stand for the same signatures.
    pub(crate) const fn is_same_as(self, other: Self) -> bool {
        self as u8 == other as u8
            || matches!((self.family(), other.family()), (AlgorithmFamily::Ed, AlgorithmFamily::Ed))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// As it is written.
impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where the jsonwebtoken crate has an algorithm, it has the same name.
impl TryFrom<jsonwebtoken::Algorithm> for Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(theirs: jsonwebtoken::Algorithm) -> Result<Self, UnknownAlgorithm> {
        format!("{theirs:?}").parse()
    }
}

/// For code that calls the jsonwebtoken crate beside this one.
///
/// ```
/// use actix_jwt_extended::keys::Algorithm;
/// assert!(jsonwebtoken::Algorithm::try_from(Algorithm::ES384).is_ok());
/// assert!(jsonwebtoken::Algorithm::try_from(Algorithm::MlDsa44).is_err());
/// ```
impl TryFrom<Algorithm> for jsonwebtoken::Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(ours: Algorithm) -> Result<Self, UnknownAlgorithm> {
        ours.name().parse().map_err(|_| UnknownAlgorithm(()))
    }
}

/// A name that is no [`Algorithm`]'s, or that the other library does not have.
///
/// ```
/// use actix_jwt_extended::keys::Algorithm;
/// let error = "none".parse::<Algorithm>().unwrap_err();
/// assert_eq!(error.to_string(), "no algorithm has this name");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAlgorithm(());

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no algorithm has this name")
    }
}

impl std::error::Error for UnknownAlgorithm {}
