//! JSON Web Keys and sets of them, read strictly (RFC 7517, 7518 §6, 8037, 9964).

#[cfg(feature = "asymmetric")]
use super::der;
use super::invalid::{invalid, wanted_kind};
#[cfg(feature = "asymmetric")]
use super::public_jwk::{CURVES, ED25519, PARAMETER_SETS, PublicMembers};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::encoding::base64url;
use crate::encoding::strict_json::{NameSeed, Names, Scalar, ScalarSeed, duplicate};
use crate::error::ConfigError;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use zeroize::Zeroizing;

/// The text, if it is that of a JWK or of a set of them, whether it is a right one or not.
pub(super) fn text_of(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?.trim_start_matches('\u{feff}').trim();
    let has = |name: &str| text.contains(name);
    (text.starts_with('{') && (has("\"kty\"") || has("\"keys\""))).then_some(text)
}

/// What is wanted of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Secret {
        signs: bool,
        verifies: bool,
    },
    #[cfg(feature = "asymmetric")]
    Private,
    #[cfg(feature = "asymmetric")]
    Public,
}

/// A key, and how it is restricted.
pub(super) struct Jwk {
    pub(super) material: Material,
    pub(super) key_id: Option<String>,
    algorithm: Option<String>,
    usage: Option<String>,
    operations: Option<Vec<Box<str>>>,
}

pub(super) enum Material {
    Secret(Zeroizing<Vec<u8>>),
    #[cfg(feature = "asymmetric")]
    Public(PublicMembers),
    #[cfg(feature = "asymmetric")]
    Private {
        public: PublicMembers,
        /// As a PEM block of this label has it.
        label: &'static str,
        der: Zeroizing<Vec<u8>>,
    },
}

/// The octets of a secret, and its key ID.
pub(super) fn secret(
    setting: &'static str,
    text: &str,
    algorithms: &[Algorithm],
    wanted: Wanted,
) -> Result<(Zeroizing<Vec<u8>>, Option<String>), ConfigError> {
    read(setting, text, algorithms, wanted)?.into_secret().ok_or_else(|| invalid(setting, "is a JWK that is no secret"))
}

/// The key, or the only one of a set that fits.
pub(super) fn read(
    setting: &'static str,
    text: &str,
    algorithms: &[Algorithm],
    wanted: Wanted,
) -> Result<Jwk, ConfigError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let fields = Fields::parse(text).map_err(|reason| invalid(setting, reason))?;
    let judge = |fields: &Fields| Jwk::of(fields).and_then(|jwk| jwk.fits(algorithms, wanted).map(|()| jwk));
    let refuse = |reason: String| Err(invalid(setting, reason));
    let Some(keys) = &fields.keys else {
        return fields.belongs(wanted).and_then(|()| judge(&fields)).map_err(|reason| invalid(setting, reason));
    };
    if let Some(reason) = keys.iter().find_map(|key| key.belongs(wanted).err()) {
        return refuse(reason);
    }
    // RFC 7517 §5: keys that are not understood are passed over.
    let (fitting, others): (Vec<_>, Vec<_>) = keys.iter().map(judge).partition(Result::is_ok);
    let mut fitting = fitting.into_iter().flatten();
    match (fitting.next(), fitting.next(), others.into_iter().find_map(Result::err)) {
        (Some(key), None, _) => Ok(key),
        (Some(first), Some(second), _) => {
            let ids: Vec<_> = [first, second].into_iter().chain(fitting).filter_map(|key| key.key_id).collect();
            let shown: Vec<_> = ids.iter().take(5).map(|id| format!("{id:?}")).collect();
            let shown =
                if shown.is_empty() { "none has a key ID".to_owned() } else { format!("`kid` {}", shown.join(", ")) };
            refuse(format!(
                "is a JWK Set with several keys that fit ({shown}); take out the one that is meant with \
                 `jq '.keys[] | select(.kid == \"KID\")' FILE > jwt.json`"
            ))
        }
        (None, _, None) => refuse("is a JWK Set without keys".to_owned()),
        (None, _, Some(reason)) if keys.len() == 1 => {
            refuse(format!("is a JWK Set, and its key does not fit: it {reason}"))
        }
        (None, _, Some(reason)) => {
            refuse(format!("is a JWK Set of {} keys, and none of them fits: the first {reason}", keys.len()))
        }
    }
}

impl Jwk {
    /// The octets and the key ID. `None` = it is a key of a pair.
    pub(super) fn into_secret(self) -> Option<(Zeroizing<Vec<u8>>, Option<String>)> {
        match self.material {
            Material::Secret(secret) => Some((secret, self.key_id)),
            #[cfg(feature = "asymmetric")]
            Material::Public(_) | Material::Private { .. } => None,
        }
    }

    fn of(fields: &Fields) -> Result<Self, String> {
        if let Some(name) = fields.of_wrong_type {
            return Err(format!("is a JWK whose `{name}` is of the wrong type"));
        }
        let key_id = fields.text("kid").map(str::to_owned);
        // As in a token's header.
        if key_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 255 || id.contains(char::is_control)) {
            return Err("is a JWK whose `kid` is empty, longer than 255 bytes, or has control characters".to_owned());
        }
        let operations = fields.operations.clone();
        let is_twice = |list: &Vec<Box<str>>| {
            list.iter().enumerate().any(|(at, one)| list.iter().skip(at + 1).any(|other| one == other))
        };
        if operations.as_ref().is_some_and(is_twice) {
            return Err("is a JWK whose `key_ops` name one twice (RFC 7517 §4.3)".to_owned());
        }
        let [algorithm, usage] = ["alg", "use"].map(|name| fields.text(name).map(str::to_owned));
        Ok(Self { material: fields.material()?, key_id, algorithm, usage, operations })
    }

    /// Whether it may do what is wanted of it; or why not.
    fn fits(&self, algorithms: &[Algorithm], wanted: Wanted) -> Result<(), String> {
        for algorithm in algorithms {
            if !self.material.serves(*algorithm) {
                return Err(format!("is not {} key, which {algorithm} needs", wanted_kind(*algorithm)));
            }
            let is_it = |own: &str| own.parse().is_ok_and(|own: Algorithm| own.is_same_as(*algorithm));
            if let Some(own) = self.algorithm.as_deref().filter(|own| !is_it(own)) {
                return Err(format!("is a JWK with the `alg` {own:.32?}; it cannot serve {algorithm}"));
            }
        }
        let operations: &[&str] = match (&self.material, wanted) {
            (Material::Secret(_), Wanted::Secret { signs: true, verifies: true }) => &["sign", "verify"],
            (Material::Secret(_), Wanted::Secret { signs: true, .. }) => &["sign"],
            (Material::Secret(_), Wanted::Secret { .. }) => &["verify"],
            #[cfg(feature = "asymmetric")]
            (Material::Private { .. }, Wanted::Private) => &["sign"],
            #[cfg(feature = "asymmetric")]
            (Material::Public(_), Wanted::Public) => &["verify"],
            #[cfg(feature = "asymmetric")]
            (Material::Public(_), Wanted::Private) => {
                return Err("holds a public key; the private one is needed to sign".to_owned());
            }
            #[cfg(feature = "asymmetric")]
            _ => return Err("is a JWK of another kind of key".to_owned()),
        };
        match &self.usage {
            Some(usage) if usage != "sig" => {
                return Err("is a JWK whose `use` is not \"sig\"; it is not for signatures".to_owned());
            }
            _ => {}
        }
        let may =
            |operation: &str| self.operations.as_ref().is_none_or(|list| list.iter().any(|own| **own == *operation));
        match operations.iter().find(|operation| !may(operation)) {
            Some(missing) => Err(format!("is a JWK whose `key_ops` do not include \"{missing}\"")),
            None => Ok(()),
        }
    }
}

impl Material {
    fn serves(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Secret(_) => algorithm.family() == AlgorithmFamily::Hmac,
            #[cfg(feature = "asymmetric")]
            Self::Public(public) | Self::Private { public, .. } => public.serves(algorithm),
        }
    }
}

/// The members with texts that mean something here.
const TEXTS: [&str; 18] =
    ["kty", "use", "alg", "kid", "k", "n", "e", "d", "p", "q", "dp", "dq", "qi", "crv", "x", "y", "pub", "priv"];

/// The members that nobody but the key's owner may see (RFC 7518 §6, RFC 9964 §3).
#[cfg(feature = "asymmetric")]
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "priv"];

/// The members of an object, before anything is made of them.
#[derive(Default)]
struct Fields {
    texts: Vec<(&'static str, Zeroizing<String>)>,
    operations: Option<Vec<Box<str>>>,
    has_other_primes: bool,
    of_wrong_type: Option<&'static str>,
    keys: Option<Vec<Fields>>,
}

impl Fields {
    /// The error says where, and shows nothing of the text.
    fn parse(text: &str) -> Result<Self, String> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let read = FieldsSeed { within_set: false }.deserialize(&mut parser);
        read.and_then(|fields| parser.end().map(|()| fields)).map_err(|error| {
            let what = match error.to_string() {
                text if text.starts_with("duplicate member name") => "names a member twice",
                text if text.starts_with("nested too deeply") => "is nested too deeply",
                _ if error.is_data() => "is no JWK and no JWK Set (RFC 7517)",
                _ => "is no valid JSON",
            };
            format!("{what}: line {}, column {}", error.line(), error.column())
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(own, _)| *own == name).map(|(_, text)| text.as_str())
    }

    /// Whether a key of this kind may stand here at all; also one that is not understood.
    fn belongs(&self, wanted: Wanted) -> Result<(), String> {
        #[cfg(feature = "asymmetric")]
        if wanted == Wanted::Public {
            if self.has_other_primes || PRIVATE.iter().any(|name| self.text(name).is_some()) {
                return Err("holds a private key; it belongs in JWT_PRIVATE_KEY, and only there".to_owned());
            }
            if self.text("k").is_some() {
                return Err("holds a secret; it belongs in JWT_SECRET_KEY, and only there".to_owned());
            }
        }
        let _ = wanted;
        Ok(())
    }

    fn octets(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let text = self.text(name).ok_or_else(|| format!("is a JWK without `{name}`"))?;
        base64url::decode(text.as_bytes())
            .map(Zeroizing::new)
            .ok_or_else(|| format!("is a JWK whose `{name}` is no base64url without padding (RFC 7515 §2)"))
    }

    fn material(&self) -> Result<Material, String> {
        let kind = self.text("kty").ok_or("is a JWK without `kty`")?;
        match kind {
            "oct" => self.octets("k").map(Material::Secret),
            #[cfg(feature = "asymmetric")]
            "RSA" => self.rsa(),
            #[cfg(feature = "asymmetric")]
            "EC" => self.ec(),
            #[cfg(feature = "asymmetric")]
            "OKP" => self.okp(),
            #[cfg(feature = "asymmetric")]
            "AKP" => self.akp(),
            #[cfg(feature = "asymmetric")]
            _ => Err("is a JWK of a `kty` that is not known".to_owned()),
            #[cfg(not(feature = "asymmetric"))]
            _ => Err("is a JWK that is no secret; key pairs need the feature `asymmetric`".to_owned()),
        }
    }
}

#[cfg(feature = "asymmetric")]
impl Fields {
    fn rsa(&self) -> Result<Material, String> {
        let number = |name: &str| match self.octets(name)? {
            octets if octets.first().is_none_or(|first| *first == 0) => {
                Err(format!("is a JWK whose `{name}` is empty or begins with a zero (RFC 7518 §6.3.1)"))
            }
            octets => Ok(octets.to_vec()),
        };
        let public = PublicMembers::Rsa { modulus: number("n")?, exponent: number("e")? };
        if self.has_other_primes {
            return Err("is a JWK of an RSA key with more than two primes (`oth`), which is not supported".to_owned());
        }
        if self.text("d").is_none() {
            return match PRIVATE.iter().find(|name| self.text(name).is_some()) {
                Some(_) => Err("is a JWK without `d`".to_owned()),
                None => Ok(Material::Public(public)),
            };
        }
        let mut parts = vec![der::integer(&[]), der::integer(&number("n")?), der::integer(&number("e")?)];
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            let octets = self.octets(name).map_err(|reason| match self.text(name) {
                None => format!("{reason}: the primes are needed (RFC 7518 §6.3.2)"),
                Some(_) => reason,
            })?;
            parts.push(der::integer(&octets));
        }
        let der = der::encoded(der::SEQUENCE, &parts.iter().map(|part| part.as_slice()).collect::<Vec<_>>());
        Ok(Material::Private { public, label: "RSA PRIVATE KEY", der })
    }

    fn ec(&self) -> Result<Material, String> {
        let name = self.text("crv").ok_or("is a JWK without `crv`")?;
        let curve = CURVES.iter().find(|known| known.name == name).ok_or_else(|| match name {
            "secp256k1" => {
                "is a JWK on the curve secp256k1 (ES256K), which is not supported; make one on P-256".to_owned()
            }
            _ => "is a JWK on a curve (`crv`) that is not known".to_owned(),
        })?;
        let coordinate = |name: &str| self.fixed(name, curve.octets, "leading zeros belong to it (RFC 7518 §6.2.1.2)");
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        let public = PublicMembers::Ec { curve, x: x.to_vec(), y: y.to_vec() };
        if self.text("d").is_none() {
            return Ok(Material::Public(public));
        }
        // RFC 5915 §3.
        let private = der::encoded(der::OCTETS, &[&coordinate("d")?]);
        let id = der::encoded(0xa0, &[&der::encoded(der::OBJECT_ID, &[curve.object_id])]);
        let point = der::encoded(0xa1, &[&der::encoded(der::BITS, &[&[0, 4], &x, &y])]);
        let der = der::encoded(der::SEQUENCE, &[&der::integer(&[1]), &private, &id, &point]);
        Ok(Material::Private { public, label: "EC PRIVATE KEY", der })
    }

    fn okp(&self) -> Result<Material, String> {
        match self.text("crv").ok_or("is a JWK without `crv`")? {
            "Ed25519" => {}
            "Ed448" => return Err("is a JWK of an Ed448 key, which is not supported; make an Ed25519 one".to_owned()),
            "X25519" | "X448" => {
                return Err("is a JWK of an X25519 or X448 key, which cannot sign; make an Ed25519 one".to_owned());
            }
            _ => return Err("is a JWK on a curve (`crv`) that is not known".to_owned()),
        }
        let octets = |name: &str| self.fixed(name, 32, "RFC 8037 §2");
        let key = octets("x")?;
        let public = PublicMembers::Ed25519(key.to_vec());
        if self.text("d").is_none() {
            return Ok(Material::Public(public));
        }
        // RFC 8410 §7, with the public key, so that the two are compared.
        let id = der::encoded(der::SEQUENCE, &[&der::encoded(der::OBJECT_ID, &[ED25519])]);
        let seed = der::encoded(der::OCTETS, &[&der::encoded(der::OCTETS, &[&octets("d")?])]);
        let der = der::encoded(der::SEQUENCE, &[&der::integer(&[1]), &id, &seed, &der::encoded(0x81, &[&[0], &key])]);
        Ok(Material::Private { public, label: "PRIVATE KEY", der })
    }

    fn akp(&self) -> Result<Material, String> {
        let name = self.text("alg").ok_or("is a JWK without `alg`, which an AKP key must have (RFC 9964 §3)")?;
        let set = PARAMETER_SETS.iter().find(|known| known.name == name);
        let set = set.ok_or("is a JWK of an AKP key with an `alg` that is not known")?;
        let public = PublicMembers::MlDsa(set, self.fixed("pub", set.octets, "FIPS 204 §4")?.to_vec());
        if self.text("priv").is_none() {
            return Ok(Material::Public(public));
        }
        // RFC 9881 §6: the seed, as [0].
        let id = der::encoded(der::SEQUENCE, &[&der::encoded(der::OBJECT_ID, &[set.object_id])]);
        let seed = der::encoded(0x80, &[&self.fixed("priv", 32, "it is the seed (RFC 9964 §3)")?]);
        let der = der::encoded(der::SEQUENCE, &[&der::integer(&[]), &id, &der::encoded(der::OCTETS, &[&seed])]);
        Ok(Material::Private { public, label: "PRIVATE KEY", der })
    }

    fn fixed(&self, name: &str, length: usize, why: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let octets = self.octets(name)?;
        if octets.len() == length {
            return Ok(octets);
        }
        Err(format!("is a JWK whose `{name}` has {} bytes and must have {length}; {why}", octets.len()))
    }
}

/// Reads an object; `keys` within it only where it is not itself one of a set's.
#[derive(Clone, Copy)]
struct FieldsSeed {
    within_set: bool,
}

impl<'de> DeserializeSeed<'de> for FieldsSeed {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsSeed {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let (mut fields, mut seen) = (Fields::default(), Names::default());
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let known = TEXTS.into_iter().find(|known| *known == name);
            match (known, &*name) {
                (Some(known), _) => match map.next_value_seed(ScalarSeed::PLAIN)? {
                    Scalar::Text(text) => fields.texts.push((known, Zeroizing::new(text.into_owned()))),
                    _ => fields.of_wrong_type = Some(known),
                },
                (None, "key_ops") => match map.next_value_seed(ScalarSeed::WITH_LIST)? {
                    Scalar::TextList(list) => fields.operations = Some(list),
                    _ => fields.of_wrong_type = Some("key_ops"),
                },
                (None, "keys") if !self.within_set => fields.keys = Some(map.next_value_seed(ListSeed)?),
                (None, other) => {
                    fields.has_other_primes |= other == "oth";
                    map.next_value_seed(ScalarSeed::PLAIN).map(drop)?;
                }
            }
            if !seen.insert(name) {
                return Err(duplicate());
            }
        }
        Ok(fields)
    }
}

struct ListSeed;

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Vec<Fields>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Fields>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Vec<Fields>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of JWKs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Fields>, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = seq.next_element_seed(FieldsSeed { within_set: true })? {
            keys.push(key);
        }
        Ok(keys)
    }
}
