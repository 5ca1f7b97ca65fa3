//! Whom the store trusts over TLS, and who it says that it is: `sslrootcert`, `sslcert` and `sslkey` of the URL.

use crate::store::StoreError;
use redis::{ClientTlsConfig, TlsCertificates};
use std::fs;

/// The URL without these parameters, and what they say.
pub(super) fn of(url: &str) -> Result<(String, Option<TlsCertificates>), StoreError> {
    let Some((start, query)) = url.rsplit_once('?') else { return Ok((url.to_owned(), None)) };
    let (mut root, mut certificate, mut key) = (None, None, None);
    let mut rest = Vec::new();
    for pair in query.split('&') {
        let place = match pair.split_once('=') {
            Some(("sslrootcert", _)) => &mut root,
            Some(("sslcert", _)) => &mut certificate,
            Some(("sslkey", _)) => &mut key,
            _ => {
                rest.push(pair);
                continue;
            }
        };
        for (name, file) in form_urlencoded::parse(pair.as_bytes()) {
            *place = Some(read(&name, &file)?);
        }
    }
    let sign = if rest.is_empty() { "" } else { "?" };
    let shorter = format!("{start}{sign}{}", rest.join("&"));
    let client_tls = match (certificate, key) {
        (None, None) => None,
        (Some(client_cert), Some(client_key)) => Some(ClientTlsConfig { client_cert, client_key }),
        _ => return Err(StoreError::new("sslcert and sslkey go together in the URL")),
    };
    if root.is_none() && client_tls.is_none() {
        return Ok((shorter, None));
    }
    if !url.starts_with("rediss") {
        return Err(StoreError::new("sslrootcert, sslcert and sslkey are for TLS: the URL must begin with rediss"));
    }
    Ok((shorter, Some(TlsCertificates { client_tls, root_cert: root })))
}

fn read(name: &str, file: &str) -> Result<Vec<u8>, StoreError> {
    let text = fs::read(file).map_err(|error| StoreError::new(format!("{name}, the file {file}: {error}")))?;
    let begins = b"-----BEGIN ";
    if !text.windows(begins.len()).any(|part| part == begins) {
        return Err(StoreError::new(format!("{name}, the file {file}: it holds nothing in PEM")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_tls_stays_in_the_url() {
        for url in ["redis://host/0", "redis+unix:///socket?user=me&pass=p%20w&db=1", "redis+cluster://a:1,b:2"] {
            let (rest, trust) = of(url).unwrap();
            assert!(rest == url && trust.is_none());
        }
        for url in
            ["rediss://host?sslrootcert=/no/file", "rediss://host?sslrootcert=Cargo.toml", "rediss://h?sslcert=/no"]
        {
            let error = of(url).unwrap_err().to_string();
            assert!(error.contains("the file"), "{error}");
        }
    }
}
