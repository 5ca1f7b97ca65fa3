//! The compact form of a signed token (RFC 7515 §7.1): taken apart, judged, put together.
//!
//! Bytes and keys in, a verdict out; no claim is looked at here, and nothing in a token chooses
//! where a key comes from.

use crate::claims::Algorithm;
use crate::claims::{HeaderRef, JoseHeader, name};
use crate::encoding::base64url;
use crate::encoding::strict_json::{NameSeed, Names, Scalar, ScalarSeed, duplicate, reason};
use crate::error::{ConfigError, InvalidToken};
use crate::keys::{KeyRing, Signature, SigningKey, VerifyingKey};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// A token taken apart and decoded; nothing in it is trusted yet.
pub(crate) struct Parts<'a> {
    /// What the signature covers: the first two segments as they stand.
    signed: &'a [u8],
    pub(crate) header: HeaderRef,
    /// The header's segment, if nobody has seen it before.
    pub(crate) new_header: Option<&'a [u8]>,
    pub(crate) payload: Vec<u8>,
    signature: Signature,
}

/// The segments of a token as they stand.
struct Segments<'a> {
    /// The first two, with the dot between them: what the signature covers.
    signed: &'a [u8],
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Segments<'a> {
    /// The size is judged before anything else.
    fn of(token: &'a [u8], max_size: usize) -> Result<Self, InvalidToken> {
        if token.len() > max_size {
            return Err(InvalidToken::TooLong);
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(not_three(token));
        };
        let (signed, signature) = token.split_at_checked(second).ok_or(InvalidToken::Segments)?;
        let (header, payload) = signed.split_at_checked(first).ok_or(InvalidToken::Segments)?;
        let after_dot = |segment: &'a [u8]| segment.get(1..).unwrap_or_default();
        Ok(Self { signed, header, payload: after_dot(payload), signature: after_dot(signature) })
    }
}

#[cold]
fn not_three(token: &[u8]) -> InvalidToken {
    // RFC 7516 §9: a JWE has five, the first of which is never empty.
    let is_encrypted = !token.starts_with(b".") && memchr::memchr_iter(b'.', token).count() == 4;
    if is_encrypted { InvalidToken::Encrypted } else { InvalidToken::Segments }
}

impl<'a> Parts<'a> {
    /// Takes `token` apart; the algorithm is judged before the payload is decoded.
    ///
    /// `seen`: headers that were parsed before.
    pub(crate) fn split(
        token: &'a [u8],
        max_size: usize,
        ring: &KeyRing,
        seen: impl FnOnce(&[u8]) -> Option<Arc<JoseHeader>>,
    ) -> Result<Self, InvalidToken> {
        let Segments { signed, header: segment, payload, signature } = Segments::of(token, max_size)?;
        let (header, is_new) = match known_header(segment).or_else(|| seen(segment).map(HeaderRef::Own)) {
            Some(header) => (header, false),
            None => (parse_header(segment)?, true),
        };
        let algorithm = header.get().algorithm();
        if !ring.allows(algorithm) {
            return Err(InvalidToken::AlgorithmNotAllowed);
        }
        let payload = base64url::decode(payload).ok_or(InvalidToken::PayloadEncoding)?;
        let signature = Signature::decode(signature, algorithm).ok_or(InvalidToken::SignatureEncoding)?;
        Ok(Self { signed, header, new_header: is_new.then_some(segment), payload, signature })
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
        if !key.allows(algorithm) {
            return Err(InvalidToken::AlgorithmNotAllowed);
        }
        verdict(key.verifies(algorithm, self.signed, self.signature.as_slice()))
    }
}

/// Makes a token and takes it through all that a client's goes through: a key whose tokens would be refused is
/// found at start-up. One without a signature where a remote signer would be asked.
///
/// The answer is what `judge` says of these claims; `None` where there is no key to sign with.
pub(crate) fn self_test<T>(
    ring: &KeyRing,
    claims: Vec<u8>,
    judge: impl FnOnce(Parts<'_>) -> T,
) -> Result<Option<T>, ConfigError> {
    let Some(key) = &ring.signing else { return Ok(None) };
    let key_id = key.key_id().map(Value::from);
    let whole_way = || {
        let header = header_segment(key.algorithm(), None, key_id.iter().map(|key_id| ("kid", key_id))).ok()?;
        let token = match key.is_remote() {
            true => SigningInput::new(&header, claims)?.attach(b"")?,
            false => encode(&header, claims, key)?,
        };
        let parts = Parts::split(token.as_bytes(), usize::MAX, ring, |_| None).ok()?;
        if !key.is_remote() {
            parts.verify(ring).ok()?;
        }
        Some(judge(parts))
    };
    whole_way().map(Some).ok_or_else(|| ConfigError::SelfTest { algorithm: key.algorithm().to_string() })
}

fn verdict(genuine: bool) -> Result<(), InvalidToken> {
    if genuine { Ok(()) } else { Err(InvalidToken::Signature) }
}

/// A token but for its signature. The header is a segment already; the token is made behind the claims, in the same
/// memory.
pub(crate) struct SigningInput {
    buffer: Vec<u8>,
    start: usize,
}

impl SigningInput {
    pub(crate) fn new(header: &str, claims: Vec<u8>) -> Option<Self> {
        let start = claims.len();
        let mut buffer = claims;
        // Room for the longest signature that is usual, so that the text is not moved while it grows.
        buffer.reserve(header.len() + (start + 64) * 4 / 3 + 8);
        buffer.extend_from_slice(header.as_bytes());
        buffer.push(b'.');
        base64url::append_encoded(&mut buffer, start)?;
        Some(Self { buffer, start })
    }

    /// What the signature must cover.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    pub(crate) fn attach(self, signature: &[u8]) -> Option<String> {
        let Self { mut buffer, start } = self;
        buffer.push(b'.');
        base64url::encode_to(signature, &mut buffer)?;
        buffer.drain(..start);
        String::from_utf8(buffer).ok()
    }
}

/// Puts a token together and signs it. `None` = the crypto library refuses, or the key is remote.
pub(crate) fn encode(header: &str, claims: Vec<u8>, key: &SigningKey) -> Option<String> {
    let input = SigningInput::new(header, claims)?;
    let signature = key.sign(input.bytes())?;
    input.attach(signature.as_slice())
}

/// The header of a token that nobody has verified. As PyJWT's: what can be no header of a good token is refused.
pub(crate) fn unverified_header(token: &[u8], max_size: usize) -> Result<Map<String, Value>, InvalidToken> {
    let json = header_text(Segments::of(token, max_size)?.header)?;
    let found = find_header(&json)?;
    judge_critical(found.critical)?;
    judge_key_id(found.key_id)?;
    serde_json::from_str(&json).map_err(|error| InvalidToken::Header(reason(&error).into()))
}

/// The two spellings of `{"alg": …, "typ": "JWT"}` that nearly every token begins with, for each
/// algorithm: recognised, not parsed.
static KNOWN_HEADERS: LazyLock<Vec<(String, JoseHeader)>> = LazyLock::new(|| {
    use Algorithm::{ES256, EdDSA, HS256, RS256};
    let often = [HS256, RS256, ES256, EdDSA];
    let others = Algorithm::ALL.iter().copied().filter(|algorithm| !often.contains(algorithm));
    often
        .into_iter()
        .chain(others)
        .flat_map(|algorithm| {
            [format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#), format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#)]
                .map(|json| (base64url::encode(json.as_bytes()), JoseHeader::new(algorithm, None, json.into())))
        })
        .collect()
});

fn known_header(segment: &[u8]) -> Option<HeaderRef> {
    KNOWN_HEADERS.iter().find(|(known, _)| known.as_bytes() == segment).map(|(_, header)| HeaderRef::Known(header))
}

fn parse_header(segment: &[u8]) -> Result<HeaderRef, InvalidToken> {
    let json = header_text(segment)?;
    let fields = find_header(&json)?.judge()?;
    let header = JoseHeader::new(fields.algorithm, fields.key_id, Cow::Owned(json));
    Ok(HeaderRef::Own(Arc::new(header.with_special_type(fields.special_type))))
}

fn header_text(segment: &[u8]) -> Result<String, InvalidToken> {
    let bytes = base64url::decode(segment).ok_or(InvalidToken::HeaderEncoding)?;
    String::from_utf8(bytes).map_err(|_| InvalidToken::Header("it is not UTF-8".into()))
}

struct HeaderFields {
    algorithm: Algorithm,
    key_id: Option<String>,
    special_type: Option<Box<str>>,
}

/// Reads what verification needs of a header.
fn find_header(json: &str) -> Result<FoundHeader, InvalidToken> {
    if !json.trim_start().starts_with('{') {
        let text = match serde_json::from_str::<serde::de::IgnoredAny>(json) {
            Ok(_) => "must be a json object".into(),
            Err(error) => reason(&error).into(),
        };
        return Err(InvalidToken::Header(text));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    (&mut deserializer)
        .deserialize_map(HeaderVisitor)
        .and_then(|found| deserializer.end().map(|()| found))
        .map_err(|error| InvalidToken::Header(reason(&error).into()))
}

/// Header parameters as found (RFC 7515 §4.1). `jwk`, `jku`, `x5u` and `x5c` are not among them:
/// a token does not bring its own key.
#[derive(Default)]
struct FoundHeader {
    algorithm: Option<Option<String>>,
    key_id: Option<Option<String>>,
    special_type: Option<Box<str>>,
    critical: Option<Option<Vec<Box<str>>>>,
    unencoded: Option<bool>,
}

impl FoundHeader {
    fn judge(self) -> Result<HeaderFields, InvalidToken> {
        let algorithm = match self.algorithm {
            None => return Err(InvalidToken::AlgorithmMissing),
            Some(name) => name.and_then(|name| name.parse().ok()).ok_or(InvalidToken::AlgorithmNotAllowed)?,
        };
        judge_critical(self.critical)?;
        if self.unencoded == Some(true) {
            return Err(InvalidToken::CriticalExtension("b64".to_owned()));
        }
        Ok(HeaderFields { algorithm, key_id: judge_key_id(self.key_id)?, special_type: self.special_type })
    }
}

fn judge_critical(critical: Option<Option<Vec<Box<str>>>>) -> Result<(), InvalidToken> {
    match critical {
        None => Ok(()),
        // We understand no extension, so whatever it lists is unsupported.
        Some(Some(names)) => Err(match names.first() {
            Some(name) => InvalidToken::CriticalExtension(name.chars().take(64).collect()),
            None => InvalidToken::CriticalFormat("must be a non-empty list"),
        }),
        Some(None) => Err(InvalidToken::CriticalFormat("values must be strings")),
    }
}

fn judge_key_id(key_id: Option<Option<String>>) -> Result<Option<String>, InvalidToken> {
    match key_id {
        Some(None) => Err(InvalidToken::KeyIdFormat),
        Some(key_id) => Ok(key_id),
        None => Ok(None),
    }
}

/// What a `typ` says beyond "JWT" and "at+jwt".
pub(crate) fn special_type(typ: &str) -> Option<Box<str>> {
    const PREFIX: &str = "application/";
    let has_prefix = typ.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    let name = if has_prefix { typ.get(PREFIX.len()..).unwrap_or_default() } else { typ };
    let is_usual = ["jwt", "at+jwt"].iter().any(|usual| usual.eq_ignore_ascii_case(name));
    (!is_usual).then(|| name.to_ascii_lowercase().into_boxed_str())
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
            if !names.insert(name.clone()) {
                return Err(duplicate());
            }
            let value = map.next_value_seed(ScalarSeed::WITH_LIST)?;
            match &*name {
                "alg" => found.algorithm = Some(text(value)),
                "kid" => found.key_id = Some(text(value)),
                name::TYP => found.special_type = special_type(&text(value).unwrap_or_default()),
                "crit" => {
                    found.critical = Some(match value {
                        Scalar::TextList(names) => Some(names),
                        Scalar::Compound | Scalar::Empty => None,
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

/// The segment of a header with exactly these members, `alg` first.
pub(crate) fn header_segment<'a>(
    algorithm: Algorithm,
    typ: Option<&Value>,
    own: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Result<String, serde_json::Error> {
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
    Ok(base64url::encode(&json))
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
