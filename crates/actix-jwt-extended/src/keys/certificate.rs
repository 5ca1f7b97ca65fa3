//! X.509 certificates where a public key is wanted: of one, only the key counts (RFC 5280 §4.1).
//!
//! Who signed it, whose it is and what it is for was somebody's business who put it there. Only that it has expired is told:
//! then it was probably forgotten.

use super::invalid::invalid;
use crate::error::ConfigError;
use std::time::SystemTime;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::{Decode as _, Encode as _};

/// The certificate's key as SPKI.
pub(super) fn public_key(setting: &'static str, der: &[u8], now: SystemTime) -> Result<Vec<u8>, ConfigError> {
    // Serial numbers and the like are not looked at, so that no CA's habit makes a key unusable.
    let certificate = CertificateInner::<Raw>::from_der(der)
        .map_err(|_| invalid(setting, "is a certificate that cannot be read: it is damaged, or no X.509"))?;
    let contents = certificate.tbs_certificate();
    let end = contents.validity().not_after;
    if now.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|now| now > end.to_unix_duration()) {
        log::warn!("{setting} is a certificate that expired on {end}; its key is used all the same");
    }
    contents.subject_public_key_info().to_der().map_err(|_| invalid(setting, "is a certificate without a key"))
}
