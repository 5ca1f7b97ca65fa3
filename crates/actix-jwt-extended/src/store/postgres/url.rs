//! What a URL says: the servers, and how TLS is done with them.

use super::explain::explained;
use crate::store::StoreError;
use crate::store::tls::TlsFiles;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// So long a connection may take to come.
const CONNECT: Duration = Duration::from_secs(2);

/// After so long without an answer to a packet a connection is given up.
pub(super) const VANISHED: Duration = Duration::from_secs(5);

/// What `tokio-postgres` reads.
const KNOWN: [&str; 18] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslmode",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
];

/// Where to connect to, and how.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    /// For errors.
    pub(super) hosts: String,
    /// So long all of connecting may take.
    pub(super) connecting: Duration,
}

/// What the builder says of connecting.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) ca_file: Option<PathBuf>,
}

impl Address {
    pub(super) fn read(url: &str, wishes: &Wishes) -> Result<Self, StoreError> {
        let (url, mut trust) = Trust::of(url)?;
        trust.files.or_trust(wishes.ca_file.as_deref());
        let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let mut config: Config = url.parse().map_err(|error| match is_url {
            true => explained("the URL of PostgreSQL", error),
            // What the parser says of other texts may show a password.
            false => StoreError::new("the URL is not like postgres://user:password@host/database"),
        })?;
        if let Some(wanted) =
            wishes.connect_timeout.or_else(|| Some(CONNECT).filter(|_| config.get_connect_timeout().is_none()))
        {
            config.connect_timeout(wanted);
        }
        if config.get_application_name().is_none() {
            config.application_name("actix-jwt-extended");
        }
        // A server that vanished without a word is noticed soon.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(VANISHED);
        }
        config.keepalives_idle(VANISHED);
        // Of several servers the one that can be written to: a standby would take none of it.
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let servers = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
        let connecting = config.get_connect_timeout().copied().unwrap_or(CONNECT).saturating_mul(servers);
        Ok(Self { tls: trust.connector(&config)?, hosts: hosts(&config), config, connecting })
    }
}

fn hosts(config: &Config) -> String {
    let ports = config.get_ports();
    let shown = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        match host {
            // A password with an `@` that is not written as `%40` ends there.
            Host::Tcp(name) => format!("{}:{port}", name.rsplit('@').next().unwrap_or_default()),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        }
    });
    shown.collect::<Vec<_>>().join(",")
}

/// Whom to trust: what the URL says of TLS beyond what `tokio-postgres` knows.
#[derive(Default)]
struct Trust {
    files: TlsFiles,
    any_name: bool,
}

impl Trust {
    /// And the URL without it.
    fn of(url: &str) -> Result<(String, Self), StoreError> {
        let mut trust = Self::default();
        let after_login = url.find('@').unwrap_or(0);
        let query = url.get(after_login..).and_then(|rest| rest.find('?')).map(|at| after_login + at);
        let Some((start, query)) = query.and_then(|at| url.split_at_checked(at)) else {
            return Ok((url.to_owned(), trust));
        };
        let mut rest = Vec::new();
        for parameter in query.trim_start_matches('?').split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name, value) {
                ("sslmode", "verify-full") => rest.push("sslmode=require"),
                ("sslmode", "verify-ca") => {
                    trust.any_name = true;
                    rest.push("sslmode=require");
                }
                ("sslmode", "disable" | "prefer" | "require") => rest.push(parameter),
                ("sslmode", _) => {
                    return Err(StoreError::new(
                        "the URL's parameter `sslmode` is one of disable, prefer, require, verify-ca and verify-full",
                    ));
                }
                (name, value) if trust.files.take(name, value) => {}
                (name, _) if KNOWN.contains(&name) || name == "load_balance_hosts" => rest.push(parameter),
                // What follows a `?` within a password is not shown.
                _ if query.contains('@') => {
                    return Err(StoreError::new(
                        "the URL has an `@` after its `?`: write `?` as %3F and `@` as %40 in the password",
                    ));
                }
                _ => {
                    return Err(StoreError::new(format!(
                        "the URL's parameter `{name}` is none that this store knows: leave it out{}",
                        if name == "pgbouncer" { "; PgBouncer is noticed without it" } else { "" }
                    )));
                }
            }
        }
        let sign = if rest.is_empty() { "" } else { "?" };
        Ok((format!("{start}{sign}{}", rest.join("&")), trust))
    }

    /// Trusts whom the operating system trusts, or a file. With a provider of its own: the process's may be any, or none.
    fn connector(&self, config: &Config) -> Result<MakeRustlsConnect, StoreError> {
        let mut roots = RootCertStore::empty();
        if config.get_ssl_mode() != SslMode::Disable {
            match self.files.authorities()? {
                Some(pem) => {
                    for certificate in certificates(&pem)? {
                        roots.add(certificate).map_err(|error| explained("a certificate of sslrootcert", error))?;
                    }
                }
                None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(StoreError::new)?;
        let builder = if self.any_name {
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
            let inner = inner.build().map_err(|error| explained("sslmode=verify-ca", error))?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName { inner, provider }))
        } else {
            builder.with_root_certificates(roots)
        };
        let tls = match self.files.own()? {
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| explained("sslkey", error))?;
                let with_own = builder.with_client_auth_cert(certificates(&chain)?, key);
                with_own.map_err(|error| explained("sslcert and sslkey", error))?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(MakeRustlsConnect::new(tls))
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(StoreError::new)
}

/// `sslmode=verify-ca`: the certificate must be signed by whom we trust, for whatever host.
struct AnyName {
    inner: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for AnyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyName").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.inner.verify_server_cert(certificate, between, name, ocsp, now) {
            // The name is looked at last.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
