//! Whom a store trusts over TLS, and who it says that it is: `sslrootcert`, `sslcert` and `sslkey` of its URL, and the
//! builder's CA file.

use super::StoreError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::path::{Path, PathBuf};

/// A certificate, and its key, in PEM.
pub(super) type Own = (Vec<u8>, Vec<u8>);

#[derive(Default)]
pub(super) struct TlsFiles {
    authority: Authority,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Default)]
enum Authority {
    #[default]
    Unsaid,
    /// Those that the operating system trusts: `sslrootcert=system`.
    System,
    OfUrl(PathBuf),
    OfBuilder(PathBuf),
}

impl TlsFiles {
    /// Takes what a URL's query says of them; `false` = this parameter is about something else.
    pub(super) fn take(&mut self, parameter: &str, value: &str) -> bool {
        match parameter {
            "sslrootcert" if value == "system" => self.authority = Authority::System,
            "sslrootcert" => self.authority = Authority::OfUrl(path(value)),
            "sslcert" => self.certificate = Some(path(value)),
            "sslkey" => self.key = Some(path(value)),
            _ => return false,
        }
        true
    }

    /// Where the URL does not say whom to trust.
    pub(super) fn or_trust(&mut self, file: Option<&Path>) {
        if let (Authority::Unsaid, Some(file)) = (&self.authority, file) {
            self.authority = Authority::OfBuilder(file.to_owned());
        }
    }

    /// Whether the URL names any of them.
    #[cfg(feature = "redis")]
    pub(super) fn are_in_url(&self) -> bool {
        let trusts = matches!(self.authority, Authority::System | Authority::OfUrl(_));
        trusts || self.certificate.is_some() || self.key.is_some()
    }

    /// The certificates, in PEM, of those who may sign the server's; `None` = those that the operating system trusts.
    pub(super) fn authorities(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.authority {
            Authority::Unsaid | Authority::System => Ok(None),
            Authority::OfUrl(file) => certificates("sslrootcert", file).map(Some),
            Authority::OfBuilder(file) => certificates("the store's CA file (JWT_STORE_CA_FILE)", file).map(Some),
        }
    }

    /// What the store presents to a server that asks for it.
    pub(super) fn own(&self) -> Result<Option<Own>, StoreError> {
        match (&self.certificate, &self.key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some((certificates("sslcert", certificate)?, private_key("sslkey", key)?)))
            }
            _ => Err(StoreError::new("the URL's parameters `sslcert` and `sslkey` belong together")),
        }
    }
}

/// `%20` is a space. `+` is itself: that is so in URLs, and only forms write a space so.
fn path(value: &str) -> PathBuf {
    let value = format!("p={}", value.replace('+', "%2B"));
    form_urlencoded::parse(value.as_bytes()).map(|(_, path)| PathBuf::from(&*path)).next().unwrap_or_default()
}

fn certificates(what: &str, file: &Path) -> Result<Vec<u8>, StoreError> {
    let text = read(what, file)?;
    match CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(text),
        Ok(_) => Err(unfit(what, file, "it holds no certificate in PEM")),
        Err(error) => Err(unfit(what, file, error)),
    }
}

fn private_key(what: &str, file: &Path) -> Result<Vec<u8>, StoreError> {
    let text = read(what, file)?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(unfit(what, file, "it holds no private key in PEM, or an encrypted one, which cannot be read")),
    }
}

fn read(what: &str, file: &Path) -> Result<Vec<u8>, StoreError> {
    fs::read(file).map_err(|error| unfit(what, file, error))
}

fn unfit(what: &str, file: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::new(format!("{what}, the file {}: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(parameters: &[(&str, &str)]) -> TlsFiles {
        let mut files = TlsFiles::default();
        for (name, value) in parameters {
            assert!(files.take(name, value), "{name}");
        }
        files
    }

    #[test]
    fn a_path_is_written_as_in_urls() {
        for (written, meant) in [("/a+b/c.pem", "/a+b/c.pem"), ("/a%20b%2Bc.pem", "/a b+c.pem"), ("a%26b=c", "a&b=c")] {
            assert_eq!(path(written), Path::new(meant));
        }
        assert!(!TlsFiles::default().take("sslmode", "require"));
    }

    #[test]
    fn what_the_url_says_comes_first() {
        let said = |parameters: &[(&str, &str)]| {
            let mut files = taken(parameters);
            files.or_trust(Some(Path::new("/no/of-builder")));
            files.authorities().map_err(|error| error.to_string())
        };
        assert_eq!(said(&[("sslrootcert", "system")]), Ok(None));
        assert!(
            said(&[("sslrootcert", "/no/of-url")]).unwrap_err().contains("sslrootcert, the file /no/of-url: No such")
        );
        assert!(said(&[]).unwrap_err().contains("(JWT_STORE_CA_FILE), the file /no/of-builder: No such"));
        assert!(TlsFiles::default().authorities().unwrap().is_none());
    }

    #[test]
    fn files_that_hold_something_else_are_errors() {
        let refused = |parameters: &[(&str, &str)]| {
            let files = taken(parameters);
            files.authorities().and_then(|_| files.own()).unwrap_err().to_string()
        };
        assert!(refused(&[("sslrootcert", "Cargo.toml")]).contains("the file Cargo.toml: it holds no certificate"));
        assert!(refused(&[("sslcert", "Cargo.toml"), ("sslkey", "Cargo.toml")]).contains("sslcert, the file"));
        for one in ["sslcert", "sslkey"] {
            assert!(refused(&[(one, "Cargo.toml")]).contains("belong together"));
        }
        assert!(private_key("sslkey", Path::new("Cargo.toml")).unwrap_err().to_string().contains("no private key"));
    }
}
