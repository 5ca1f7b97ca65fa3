//! Text that anybody may fetch and keep, with the tag by which it is recognised (RFC 9110 §8.8.3).

use super::base64url;
use actix_web::web::Bytes;
use sha2::{Digest as _, Sha256};

/// The same text has the same tag in every process, however long ago it was made.
#[derive(Debug, Clone)]
pub(crate) struct Tagged {
    text: Bytes,
    tag: String,
}

impl Tagged {
    pub(crate) fn new(text: String) -> Self {
        let tag = base64url::encode(Sha256::digest(&text).first_chunk::<16>().unwrap_or(&[0; 16]));
        Self { text: text.into(), tag }
    }

    pub(crate) fn text(&self) -> &Bytes {
        &self.text
    }

    /// Without quotes.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }
}
