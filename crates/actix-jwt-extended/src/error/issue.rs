//! Why a token cannot be made.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a token could not be issued.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtError, JwtManager};
/// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
/// let JwtError::Issue(error) = jwt.access_token("ada").claim("exp", 5).encode().unwrap_err() else { panic!() };
/// assert_eq!(error.to_string(), "the claim `exp` is set by `.expires_in()` or `.never_expires()`");
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum IssueError {
    /// An own claim has the name of one that the library sets.
    ReservedClaim {
        /// The claim.
        claim: String,
        /// What sets it instead.
        instead: &'static str,
    },
    /// An own header has the name of one that the library sets.
    ReservedHeader(String),
    /// `.claims(..)` was given something that is no JSON object.
    ClaimsNotAnObject,
    /// An identity that verification would refuse: null, or no text while `JWT_VERIFY_SUB` is on.
    IdentityType,
    /// Own claims or headers that serde could not turn into JSON.
    Serialize(serde_json::Error),
    /// A lifetime that ends after the year 9999.
    LifetimeTooLong,
    /// The token would be longer than `JWT_MAX_TOKEN_SIZE`, so nobody could use it.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A token in a cookie that browsers would drop without a word: they take 4,096 bytes of name and value.
    CookieTooLarge {
        /// The cookie.
        name: String,
        /// The bytes of its name and value.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// There is no key to sign with: only `JWT_PUBLIC_KEY`, `verifying_key` or `decode_key_loader` gives one.
    NoSigningKey,
    /// The crypto library refused to sign.
    Signing,
    /// The key that signs is remote, and a method was called that cannot wait for its signer.
    RemoteSigner,
    /// The token would live longer than its remote signer allows.
    LifetimeOfSigner {
        /// How long it would live; `None` = without an end.
        lifetime: Option<Duration>,
        /// For how long the signer signs.
        limit: Duration,
    },
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedClaim { claim, instead } => write!(f, "the claim `{claim}` is set by {instead}"),
            Self::ReservedHeader(name) => write!(f, "the header `{name}` is set by the signing key"),
            Self::ClaimsNotAnObject => f.write_str("own claims must be a JSON object"),
            Self::IdentityType => f.write_str("the identity must be a string, or JWT_VERIFY_SUB be false; never null"),
            Self::Serialize(_) => f.write_str("own claims or headers cannot be written as JSON"),
            Self::LifetimeTooLong => f.write_str("the token would expire after the year 9999"),
            Self::TooLong { limit } => write!(f, "the token is longer than JWT_MAX_TOKEN_SIZE ({limit} bytes)"),
            Self::CookieTooLarge { name, size, limit } => write!(
                f,
                "the cookie {name} has {size} bytes of name and value, and browsers drop one of more than {limit}; \
                 put fewer claims into the token"
            ),
            Self::NoSigningKey => f.write_str("there is no key to sign with: set JWT_PRIVATE_KEY"),
            Self::Signing => f.write_str("the crypto library refused to sign"),
            Self::RemoteSigner => f.write_str(
                "the signing key is remote, and this method cannot wait for its signer: use `.encode_async().await`, \
                 `create_access_token_async` or `create_refresh_token_async`",
            ),
            Self::LifetimeOfSigner { lifetime, limit } => {
                let limit = humantime::format_duration(*limit);
                match lifetime {
                    Some(lifetime) => {
                        let lifetime = humantime::format_duration(*lifetime);
                        write!(f, "the token would live for {lifetime}, and its signer allows at most {limit}")
                    }
                    None => write!(f, "the token would never expire, and its signer allows at most {limit}"),
                }
            }
        }
    }
}

impl StdError for IssueError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Serialize(error) => Some(error),
            _ => None,
        }
    }
}
