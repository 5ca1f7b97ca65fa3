//! Names of the claims that this library reads and writes (RFC 7519 §4.1, and FJE's own), each spelled once.

/// The eight bytes that a member with a known name is at least long: the name, its colon, a value and what ends it.
pub(super) type Head = [u8; 8];

macro_rules! names {
    (
        read { $($name:ident, $known:ident = $text:literal;)* }
        written { $($(#[$doc:meta])* $other:ident = $other_text:literal;)* }
    ) => {
        $(pub(crate) const $name: &str = $text;)*
        $($(#[$doc])* pub(crate) const $other: &str = $other_text;)*

        /// The same as they stand in JSON, after another member: none needs an escape.
        #[allow(dead_code, reason = "the name of the identity claim is a setting")]
        pub(crate) mod member {
            $(pub(crate) const $name: &str = concat!(",\"", $text, "\":");)*
            $(pub(crate) const $other: &str = concat!(",\"", $other_text, "\":");)*
        }

        /// The claims that this library reads, but for an identity claim of the application's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Known {
            $($known,)*
        }

        impl Known {
            pub(super) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$known),)*
                    _ => None,
                }
            }

            /// The one that a member of compact JSON begins with, and the length of its name with quotes and colon.
            #[inline]
            pub(super) fn at_start(head: Head) -> Option<(Self, usize)> {
                let head = u64::from_le_bytes(head);
                $({
                    const NAME: Beginning = Beginning::of(concat!("\"", $text, "\":"));
                    if head & NAME.mask == NAME.bytes {
                        return Some((Self::$known, NAME.length));
                    }
                })*
                None
            }
        }
    };
}

/// The hash of an access token, which is in the ID token beside it (OpenID Connect Core §3.1.3.6).
pub(super) const ACCESS_TOKEN_HASH: &str = "at_hash";
/// Likewise of a code (§3.3.2.11).
pub(super) const CODE_HASH: &str = "c_hash";
/// The key or certificate that a token is bound to (RFC 7800 §3.1).
pub(super) const CONFIRMATION: &str = "cnf";
/// What Amazon Cognito says that a token is for.
pub(super) const TOKEN_USE: &str = "token_use";
/// What Keycloak says so, and the header parameter's name.
pub(crate) const TYP: &str = "typ";

names! {
    // By their length, so that the compiler compares those of one length together.
    read {
        AUDIENCE, Audience = "aud";
        EXPIRATION, Expiration = "exp";
        ISSUED_AT, IssuedAt = "iat";
        ISSUER, Issuer = "iss";
        JWT_ID, JwtId = "jti";
        NOT_BEFORE, NotBefore = "nbf";
        SESSION_ID, SessionId = "sid";
        SUBJECT, Subject = "sub";
        CSRF, Csrf = "csrf";
        TYPE, Type = "type";
        FRESH, Fresh = "fresh";
    }
    written {
        /// Which own claims and header parameters were given at the call, where loaders add others.
        GIVEN = "ajx";
        /// How often its session had been rotated when a refresh token was made.
        ROTATION = "rot";
    }
}

/// How a member begins, as a number that is compared at once.
struct Beginning {
    bytes: u64,
    mask: u64,
    length: usize,
}

impl Beginning {
    /// Worked out by the compiler, which refuses a name that is longer than a [`Head`].
    const fn of(text: &str) -> Self {
        let (mut bytes, mut mask, mut shift) = (0, 0, 0);
        let mut rest = text.as_bytes();
        while let [byte, after @ ..] = rest {
            bytes |= (*byte as u64) << shift;
            mask |= 0xff << shift;
            shift += 8;
            rest = after;
        }
        Self { bytes, mask, length: text.len() }
    }
}
