//! PEM text: which of its kinds are keys (RFC 7468), and what the others are, with the command that converts them.

use super::invalid::invalid;
use super::{der, foreign, key_file};
use crate::config::{PemSource, base64_of_pem};
use crate::error::ConfigError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// The label of a private key in PKCS#8 under a password (RFC 7468 §11).
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Which half of a pair is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Private,
    Public,
}

/// The text that a setting holds, or that of the file that it names.
pub(super) fn load(setting: &'static str, source: &PemSource, wanted: Half) -> Result<Zeroizing<String>, ConfigError> {
    match source {
        PemSource::Inline(text) => Ok(Zeroizing::new(text.reveal().to_owned())),
        PemSource::File(path) => read_file(setting, path, wanted),
    }
}

/// The label and the DER of the first key of the text; of a certificate, where a public key is wanted and there is none.
/// Certificates and a curve's parameters may stand beside it.
pub(super) fn read(
    setting: &'static str,
    text: &str,
    wanted: Half,
) -> Result<(String, Zeroizing<Vec<u8>>), ConfigError> {
    let text = plain(text);
    let blocks = ::pem::parse_many(text.as_bytes()).unwrap_or_default();
    let place = place_of_key(&blocks);
    let Some(block) = place.and_then(|place| blocks.into_iter().nth(place)) else {
        let reason = other_form(&text, wanted).unwrap_or(Cow::Borrowed("is no PEM (-----BEGIN …-----)"));
        return Err(invalid(setting, reason));
    };
    // RFC 1421, as OpenSSL once wrote it.
    let is_encrypted = block.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
    let foreign = || foreign::reason_of_label(block.tag()).filter(|_| !is_encrypted);
    match judge(block.tag(), is_encrypted, wanted) {
        Some(reason) => Err(invalid(setting, foreign().unwrap_or_else(|| reason.to_owned()))),
        None => {
            let label = block.tag().to_owned();
            Ok((label, Zeroizing::new(block.into_contents())))
        }
    }
}

/// A private key comes first, so that none is overlooked where a public one is wanted.
fn place_of_key(blocks: &[::pem::Pem]) -> Option<usize> {
    let place = |is_it: fn(&str) -> bool| blocks.iter().position(|block| is_it(block.tag()));
    place(|label| label.ends_with("PRIVATE KEY"))
        .or_else(|| place(|label| label.ends_with("PUBLIC KEY")))
        // `openssl ecparam -genkey` writes the curve's parameters before the key.
        .or_else(|| place(|label| label != "EC PARAMETERS"))
}

/// What is wrong with a block of this label.
fn judge(label: &str, is_encrypted: bool, wanted: Half) -> Option<&'static str> {
    Some(match (label, wanted) {
        (label, Half::Public) if label.ends_with("PRIVATE KEY") => {
            "holds a private key; it belongs in JWT_PRIVATE_KEY, and only there"
        }
        ("OPENSSH PRIVATE KEY", _) => {
            "is in OpenSSH's own form; convert a copy of it with `ssh-keygen -p -m PKCS8 -N '' -f COPY` \
             (for Ed25519 by OpenSSH 9.6 or newer)"
        }
        _ if is_encrypted => "is encrypted, in OpenSSL's old way; decrypt it with `openssl pkey -in FILE -out jwt.pem`",
        ("PUBLIC KEY" | "RSA PUBLIC KEY", Half::Private) => "holds a public key; the private one is needed to sign",
        ("PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "PUBLIC KEY" | "RSA PUBLIC KEY" | ENCRYPTED, _) => {
            return None;
        }
        ("CERTIFICATE" | "X509 CERTIFICATE", Half::Private) => {
            "is a certificate, which holds no private key; give the key that the certificate was made for"
        }
        ("CERTIFICATE" | "X509 CERTIFICATE", Half::Public) => return None,
        ("TRUSTED CERTIFICATE", _) => {
            "is a certificate in OpenSSL's own form; convert it with `openssl x509 -in FILE -out certificate.pem`"
        }
        ("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST", _) => {
            "is PEM of a kind that is no key: a certificate request; give the key that it was made for"
        }
        _ => "is PEM of a kind that is no key",
    })
}

/// The text as it was before somebody put it into an environment variable: out of base64, with real line ends.
fn plain(text: &str) -> Zeroizing<String> {
    let decoded = base64_of_pem(text).and_then(decoded).and_then(|bytes| std::str::from_utf8(&bytes).ok().map(owned));
    let text = decoded.unwrap_or_else(|| owned(text));
    if !text.contains('\\') {
        return text;
    }
    let text = Zeroizing::new(text.replace("\\r", ""));
    Zeroizing::new(text.replace("\\n", "\n"))
}

fn owned(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn decoded(base64: &str) -> Option<Zeroizing<Vec<u8>>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let mut packed = Zeroizing::new(String::with_capacity(base64.len()));
    packed.extend(base64.split_ascii_whitespace());
    GeneralPurpose::new(&alphabet::STANDARD, LENIENT).decode(packed.as_bytes()).ok().map(Zeroizing::new)
}

fn read_file(setting: &'static str, path: &Path, wanted: Half) -> Result<Zeroizing<String>, ConfigError> {
    let bytes = key_file::read(path).map_err(|error| no_file(setting, path, &error, wanted))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) if der::whole_sequence(&bytes).is_none() => Ok(owned(text)),
        _ => Err(invalid(setting, format!("is no PEM: {} holds {}", path.display(), binary(&bytes, wanted)))),
    }
}

/// What a file holds that is no text.
fn binary(bytes: &[u8], wanted: Half) -> &'static str {
    let Some(content) = der::whole_sequence(bytes) else {
        return match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16; save it as UTF-8",
            _ => "no text",
        };
    };
    let begins_with = |content, tag| der::tagged(content, tag).is_some();
    match der::element(content) {
        // RFC 7292 §4: version 3.
        Some((der::INTEGER, [3], _)) => {
            "PKCS#12; take the key out with `openssl pkcs12 -in FILE -nocerts -nodes -out jwt.pem`"
        }
        Some((der::SEQUENCE, inner, _)) if !begins_with(inner, der::OBJECT_ID) => {
            "a certificate in DER; take its key with `openssl x509 -inform DER -in FILE -noout -pubkey -out jwt.pub.pem`"
        }
        // With its public half, which OpenSSL does not read: as libraries such as ring write it.
        Some((der::INTEGER, [1], rest)) if begins_with(rest, der::SEQUENCE) => {
            "PKCS#8 of version 2 in DER; convert it with `(echo '-----BEGIN PRIVATE KEY-----'; base64 FILE; \
             echo '-----END PRIVATE KEY-----') > jwt.pem`"
        }
        _ if wanted == Half::Public => {
            "DER; convert it with `openssl pkey -pubin -inform DER -in FILE -out jwt.pub.pem`"
        }
        _ => "DER; convert it with `openssl pkey -inform DER -in FILE -out jwt.pem`",
    }
}

fn no_file(setting: &'static str, path: &Path, error: &io::Error, wanted: Half) -> ConfigError {
    let name = path.to_string_lossy();
    let known = path.ancestors().find(|folder| folder.is_dir()).map(Path::to_string_lossy).unwrap_or_default();
    // Not there at all; or no path, but a key that has lost its first line.
    let unknown = name.strip_prefix(&*known).unwrap_or(&name).trim_start_matches(['/', '\\']);
    if let Some(reason) = other_form(unknown, wanted) {
        return invalid(setting, reason);
    }
    let wrong = format!("must be PEM text or the path of a PEM file; cannot read that file: {error}");
    if !is_surely_no_key(unknown) {
        return invalid(setting, wrong);
    }
    let tried = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    invalid(setting, format!("{wrong}; tried {}", tried.display()))
}

/// Whether a name that no file has can be shown: as short as no key, or with a dot, as names of files.
fn is_surely_no_key(name: &str) -> bool {
    let is_odd = |symbol: char| symbol.is_control() || matches!(symbol, '{' | '"' | '=' | '+');
    name.len() <= 255 && !name.contains(is_odd) && (name.len() < 32 || name.contains('.'))
}

/// What a text is that is no PEM.
fn other_form(text: &str, wanted: Half) -> Option<Cow<'static, str>> {
    let text = text.trim();
    if ["ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-nistp"].iter().any(|begin| text.starts_with(begin)) {
        return Some("is a public key in OpenSSH's form; convert it with `ssh-keygen -e -m PKCS8 -f FILE`".into());
    }
    if text.starts_with('{') && text.contains("\"kty\"") {
        return Some("is a JWK; `from_jwk` reads it".into());
    }
    if text.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
        return Some("is a public key in SSH2's form; convert it with `ssh-keygen -i -f FILE > KEY && ssh-keygen -e -m PKCS8 -f KEY`".into());
    }
    let is_bare = decoded(text).is_some_and(|bytes| der::whole_sequence(&bytes).is_some());
    let half = if wanted == Half::Public { " -pubin" } else { "" };
    is_bare.then(|| {
        let convert = format!("base64 -d FILE | openssl pkey{half} -inform DER");
        format!(
            "is base64 of DER, without the lines -----BEGIN …----- and -----END …-----; convert it with `{convert}`"
        )
        .into()
    })
}
