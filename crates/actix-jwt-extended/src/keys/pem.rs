//! PEM text: where it comes from, and which of its kinds are keys (RFC 7468).

#[cfg(feature = "asymmetric")]
use super::invalid::invalid;
#[cfg(feature = "asymmetric")]
use crate::config::PemSource;
#[cfg(feature = "asymmetric")]
use crate::error::ConfigError;
#[cfg(feature = "asymmetric")]
use zeroize::Zeroizing;

const PEM_BEGIN: &[u8] = b"-----BEGIN";

pub(super) fn looks_like_pem(bytes: &[u8]) -> bool {
    bytes.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN)
}

/// The PEM text that a setting holds or whose file it names.
#[cfg(feature = "asymmetric")]
pub(super) fn load(setting: &'static str, source: &PemSource) -> Result<Zeroizing<String>, ConfigError> {
    match source {
        // An environment variable often holds "\\n" for a line's end.
        PemSource::Inline(text) => Ok(Zeroizing::new(text.reveal().replace("\\n", "\n"))),
        PemSource::File(path) => std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            invalid(setting, format!("must be PEM text or the path of a PEM file; cannot read that file: {error}"))
        }),
    }
}

/// The label and the DER of the first PEM block.
#[cfg(feature = "asymmetric")]
pub(super) fn read(setting: &'static str, text: &str) -> Result<(String, Zeroizing<Vec<u8>>), ConfigError> {
    let block = ::pem::parse_many(text)
        .ok()
        // `openssl ecparam -genkey` writes the curve's parameters before the key.
        .and_then(|blocks| blocks.into_iter().find(|block| block.tag() != "EC PARAMETERS"))
        .ok_or_else(|| invalid(setting, "is no PEM (-----BEGIN …-----)"))?;
    let label = block.tag().to_owned();
    let der = Zeroizing::new(block.into_contents());
    match label.as_str() {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "PUBLIC KEY" | "RSA PUBLIC KEY" => Ok((label, der)),
        "ENCRYPTED PRIVATE KEY" => Err(invalid(setting, "is encrypted; decrypt it with `openssl pkey -in FILE`")),
        "CERTIFICATE" => {
            Err(invalid(setting, "is a certificate; take its key with `openssl x509 -in FILE -noout -pubkey`"))
        }
        _ => Err(invalid(setting, "is PEM of a kind that is no key")),
    }
}
