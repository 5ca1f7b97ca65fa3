//! The compact form of a signed token (RFC 7515 §7.1): taken apart, judged, put together.
//!
//! Bytes and keys in, a verdict out; no claim is looked at here, and nothing in a token chooses
//! where a key comes from.

use crate::claims::{HeaderRef, JoseHeader};
use crate::error::{InvalidToken, IssueError};
use crate::keys::{KeyRing, SigningKey, VerifyingKey};
use crate::strict_json::{NameSeed, Names, Scalar, ScalarSeed, reason};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// The longest signature there is: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// The longest signature of any other algorithm (ES384): those need no allocation.
const SHORT_SIGNATURE: usize = 96;

/// A token taken apart and decoded; nothing in it is trusted yet.
pub(crate) struct Parts<'a> {
    /// What the signature covers: the first two segments as they stand.
    signed: &'a [u8],
    pub(crate) header: HeaderRef,
    pub(crate) payload: Vec<u8>,
    signature: SignatureBytes,
}

enum SignatureBytes {
    Short([u8; SHORT_SIGNATURE], usize),
    Long(Vec<u8>),
}

impl SignatureBytes {
    fn decode(segment: &[u8]) -> Result<Self, InvalidToken> {
        let longest = decoded_len(segment.len());
        if longest > MAX_SIGNATURE {
            return Err(InvalidToken::SignatureEncoding);
        }
        let decoded = if longest <= SHORT_SIGNATURE {
            let mut bytes = [0; SHORT_SIGNATURE];
            URL_SAFE_NO_PAD.decode_slice(segment, &mut bytes).map(|length| Self::Short(bytes, length)).ok()
        } else {
            URL_SAFE_NO_PAD.decode(segment).map(Self::Long).ok()
        };
        decoded.ok_or(InvalidToken::SignatureEncoding)
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

/// How many bytes a segment of this length decodes to, at most.
fn decoded_len(length: usize) -> usize {
    length / 4 * 3 + length % 4
}

impl<'a> Parts<'a> {
    /// Takes `token` apart. The size is judged before anything else, the algorithm before the payload
    /// is decoded.
    pub(crate) fn split(token: &'a [u8], max_size: usize, ring: &KeyRing) -> Result<Self, InvalidToken> {
        if token.len() > max_size {
            return Err(InvalidToken::TooLong);
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(InvalidToken::Segments);
        };
        let (signed, signature) = token.split_at_checked(second).ok_or(InvalidToken::Segments)?;
        let (header, payload) = signed.split_at_checked(first).ok_or(InvalidToken::Segments)?;
        let (payload, signature) = (payload.get(1..).unwrap_or_default(), signature.get(1..).unwrap_or_default());

        let header = parse_header(header)?;
        if !ring.allows(header.get().algorithm()) {
            return Err(InvalidToken::AlgorithmNotAllowed);
        }
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| InvalidToken::PayloadEncoding)?;
        let signature = SignatureBytes::decode(signature)?;
        Ok(Self { signed, header, payload, signature })
    }

    /// Whether a key of the ring made the signature.
    pub(crate) fn verify(&self, ring: &KeyRing) -> Result<(), InvalidToken> {
        let header = self.header.get();
        verdict(ring.verifies(header.algorithm(), header.key_id(), self.signed, self.signature.as_slice()))
    }

    /// The claims as somebody wrote them, for `decode_key_loader`.
    pub(crate) fn unverified_claims(&self) -> Result<Map<String, Value>, InvalidToken> {
        strict_object(&self.payload).map_err(InvalidToken::Payload)
    }

    /// Whether this key made the signature.
    pub(crate) fn verify_with(&self, key: &VerifyingKey) -> Result<(), InvalidToken> {
        let algorithm = self.header.get().algorithm();
        if !key.algorithms().any(|own| own == algorithm) {
            return Err(InvalidToken::AlgorithmNotAllowed);
        }
        verdict(key.verifies(algorithm, self.signed, self.signature.as_slice()))
    }
}

fn verdict(genuine: bool) -> Result<(), InvalidToken> {
    if genuine { Ok(()) } else { Err(InvalidToken::Signature) }
}

/// Puts a token together and signs it.
pub(crate) fn encode(header: &[u8], claims: &[u8], key: &SigningKey) -> Result<String, IssueError> {
    // Room for the longest signature that is usual, so that the text is not moved while it grows.
    let mut token = String::with_capacity((header.len() + claims.len() + 64) * 4 / 3 + 8);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signed = token.len();
    token.push('.');
    let message = token.as_bytes().get(..signed).unwrap_or_default();
    let signature = key.sign(message, |signature| URL_SAFE_NO_PAD.encode(signature)).ok_or(IssueError::Signing)?;
    token.push_str(&signature);
    Ok(token)
}

/// The header of a token that nobody has verified, as its JSON text.
pub(crate) fn unverified_header(token: &[u8], max_size: usize) -> Result<Vec<u8>, InvalidToken> {
    if token.len() > max_size {
        return Err(InvalidToken::TooLong);
    }
    let mut segments = token.split(|byte| *byte == b'.');
    let (Some(header), Some(_), Some(_), None) = (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(InvalidToken::Segments);
    };
    URL_SAFE_NO_PAD.decode(header).map_err(|_| InvalidToken::HeaderEncoding)
}

/// The two spellings of `{"alg": …, "typ": "JWT"}` that nearly every token begins with, for each
/// algorithm: recognised, not parsed.
static KNOWN_HEADERS: LazyLock<Vec<(String, JoseHeader)>> = LazyLock::new(|| {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    [HS256, RS256, ES256, EdDSA, HS384, HS512, RS384, RS512, PS256, PS384, PS512, ES384]
        .into_iter()
        .flat_map(|algorithm| {
            [format!(r#"{{"alg":"{algorithm:?}","typ":"JWT"}}"#), format!(r#"{{"typ":"JWT","alg":"{algorithm:?}"}}"#)]
                .map(|json| (URL_SAFE_NO_PAD.encode(&json), JoseHeader::new(algorithm, None, json.into())))
        })
        .collect()
});

fn parse_header(segment: &[u8]) -> Result<HeaderRef, InvalidToken> {
    if let Some((_, header)) = KNOWN_HEADERS.iter().find(|(known, _)| known.as_bytes() == segment) {
        return Ok(HeaderRef::Known(header));
    }
    let bytes = URL_SAFE_NO_PAD.decode(segment).map_err(|_| InvalidToken::HeaderEncoding)?;
    let json = String::from_utf8(bytes).map_err(|_| InvalidToken::Header("it is not UTF-8".into()))?;
    let fields = check_header(&json)?;
    Ok(HeaderRef::Own(Box::new(JoseHeader::new(fields.algorithm, fields.key_id, Cow::Owned(json)))))
}

struct HeaderFields {
    algorithm: Algorithm,
    key_id: Option<String>,
}

/// Reads what verification needs of a header, and refuses what it must.
fn check_header(json: &str) -> Result<HeaderFields, InvalidToken> {
    if !json.trim_start().starts_with('{') {
        let text = match serde_json::from_str::<serde::de::IgnoredAny>(json) {
            Ok(_) => "must be a json object".into(),
            Err(error) => reason(&error).into(),
        };
        return Err(InvalidToken::Header(text));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = (&mut deserializer)
        .deserialize_map(HeaderVisitor)
        .and_then(|found| deserializer.end().map(|()| found))
        .map_err(|error| InvalidToken::Header(reason(&error).into()))?;
    found.judge()
}

/// Header parameters as found (RFC 7515 §4.1). `jwk`, `jku`, `x5u` and `x5c` are not among them:
/// a token does not bring its own key.
#[derive(Default)]
struct FoundHeader {
    algorithm: Option<Option<String>>,
    key_id: Option<Option<String>>,
    critical: Option<Option<Vec<Box<str>>>>,
    unencoded: Option<bool>,
}

impl FoundHeader {
    fn judge(self) -> Result<HeaderFields, InvalidToken> {
        let algorithm = match self.algorithm {
            None => return Err(InvalidToken::AlgorithmMissing),
            Some(name) => name.and_then(|name| name.parse().ok()).ok_or(InvalidToken::AlgorithmNotAllowed)?,
        };
        match self.critical {
            None => {}
            // We understand no extension, so whatever it lists is unsupported.
            Some(Some(names)) if !names.is_empty() => {
                let name = names.first().map(|name| name.chars().take(64).collect()).unwrap_or_default();
                return Err(InvalidToken::CriticalExtension(name));
            }
            Some(Some(_)) => return Err(InvalidToken::CriticalFormat("must be a non-empty list")),
            Some(None) => return Err(InvalidToken::CriticalFormat("values must be strings")),
        }
        if self.unencoded == Some(true) {
            return Err(InvalidToken::CriticalExtension("b64".to_owned()));
        }
        let key_id = match self.key_id {
            Some(None) => return Err(InvalidToken::KeyIdFormat),
            Some(key_id) => key_id,
            None => None,
        };
        Ok(HeaderFields { algorithm, key_id })
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = FoundHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FoundHeader, A::Error> {
        fn text(scalar: Scalar<'_>) -> Option<String> {
            match scalar {
                Scalar::Text(text) => Some(text.into_owned()),
                _ => None,
            }
        }
        let mut found = FoundHeader::default();
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(NameSeed)? {
            names.insert(name.clone())?;
            let value = map.next_value_seed(ScalarSeed::WITH_LIST)?;
            match &*name {
                "alg" => found.algorithm = Some(text(value)),
                "kid" => found.key_id = Some(text(value)),
                "crit" => {
                    found.critical = Some(match value {
                        Scalar::TextList(names) => Some(names),
                        Scalar::Compound => None,
                        _ => Some(Vec::new()),
                    });
                }
                // RFC 7797: anything but true changes what the signature covers.
                "b64" => found.unencoded = Some(!matches!(value, Scalar::Bool(true))),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The JSON text of a header with exactly these members, `alg` first.
pub(crate) fn header_json<'a>(
    algorithm: Algorithm,
    typ: Option<&Value>,
    own: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Result<Vec<u8>, serde_json::Error> {
    use serde::ser::{SerializeMap as _, Serializer as _};
    let mut json = Vec::with_capacity(64);
    let mut serializer = serde_json::Serializer::new(&mut json);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("alg", &algorithm)?;
    match typ {
        Some(typ) => map.serialize_entry("typ", typ)?,
        None => map.serialize_entry("typ", "JWT")?,
    }
    for (name, value) in own {
        map.serialize_entry(name, value)?;
    }
    map.end()?;
    Ok(json)
}

/// Reads any JSON object by the strict rules; the error is the reason, in words.
pub(crate) fn strict_object(json: &[u8]) -> Result<Map<String, Value>, Cow<'static, str>> {
    let text = std::str::from_utf8(json).map_err(|_| "it is not UTF-8")?;
    let failed = |error: serde_json::Error| reason(&error);
    ScalarSeed::PLAIN.deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(failed)?;
    match serde_json::from_str(text).map_err(failed)? {
        Value::Object(members) => Ok(members),
        _ => Err("must be a json object".into()),
    }
}
