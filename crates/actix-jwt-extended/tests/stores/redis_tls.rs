//! Redis over TLS: whom the store trusts, and what it presents.

use crate::common::{LATER, NOW, token, trusted_url, trusting};
use crate::redis_server::RedisServer;
use crate::service::{free_port, program};
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::store::{RedisStore, Revocation, TokenStore as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A certificate that is signed by nobody else, for this machine, and its key.
pub(crate) fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let [certificate, key] = ["crt", "key"].map(|end| folder.join(format!("{name}.{end}")));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &format!("/CN={name}")]);
    make.args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"]);
    make.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(make.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    (certificate, key)
}

/// A server with TLS at a port of its own; it asks nobody for a certificate.
fn tls_server() -> Option<(RedisServer, u16, PathBuf)> {
    program("openssl", &[])?;
    let server = RedisServer::start()?;
    let (certificate, key) = certificate(server.folder(), "server");
    let set =
        |name: &str, value: &Path| server.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(name).arg(value.to_str()));
    let _ = set("tls-cert-file", &certificate);
    let _ = set("tls-key-file", &key);
    if set("tls-ca-cert-file", &certificate).is_err() {
        eprintln!("skipped: this redis-server has no TLS");
        return None;
    }
    set("tls-auth-clients", Path::new("no")).unwrap();
    let port = free_port();
    set("tls-port", Path::new(&port.to_string())).unwrap();
    Some((server, port, certificate))
}

async fn works(store: &RedisStore, jwt_id: &str) {
    store.revoke(&Revocation::of_token(jwt_id, LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&token(jwt_id)).await.unwrap());
}

#[actix_web::test]
async fn over_tls_the_certificate_counts() {
    let Some((server, port, authority)) = tls_server() else { return };
    let url = format!("rediss://127.0.0.1:{port}");
    // Signed by nobody whom this machine knows; and no panic for want of a crypto provider.
    let error = RedisStore::connect(&url).await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("certificate") && error.contains("sslrootcert=FILE"), "{error}");
    let trusted = format!("{url}?sslrootcert={}", authority.display());
    works(&RedisStore::connect(&trusted).await.unwrap(), "a").await;
    let key = format!("{url}?sslrootcert={}", server.folder().join("server.key").display());
    assert!(RedisStore::connect(&key).await.is_err(), "a file without certificates trusts nobody");
    let plain = trusted.replacen("rediss", "redis", 1);
    let error = RedisStore::connect(&plain).await.unwrap_err().to_string();
    assert!(error.contains("rediss"), "{error}");
    trusting(&authority, "redis_tls::whoever_trusts_it_connects", &url);
}

#[actix_web::test]
async fn whoever_trusts_it_connects() {
    let Some(url) = trusted_url() else { return };
    works(&RedisStore::connect(&url).await.unwrap(), "a").await;
}

/// `JWT_STORE_CA_FILE`, after which comes what the URL says.
#[actix_web::test]
async fn the_settings_say_whom_to_trust() {
    let Some((server, port, authority)) = tls_server() else { return };
    let (other, _) = certificate(server.folder(), "other");
    let url = format!("rediss://127.0.0.1:{port}");
    let trusting = |file: &Path| JwtConfig::new().store_ca_file(file).redis_store();
    works(&trusting(&authority).connect(&url).await.unwrap(), "a").await;
    let of_url = |file: &Path| format!("{url}?sslrootcert={}", file.display());
    works(&trusting(&other).connect(&of_url(&authority)).await.unwrap(), "b").await;
    for (builder, url) in [
        (JwtConfig::new().redis_store(), url.clone()),
        (trusting(&other), url.clone()),
        (trusting(&authority), of_url(&other)),
        (trusting(&authority), format!("{url}?sslrootcert=system")),
    ] {
        let error = builder.connect(&url).await.unwrap_err().to_string();
        assert!(error.contains("certificate"), "{url}: {error}");
    }
    // A server without TLS needs none.
    works(&trusting(&authority).connect(&server.url()).await.unwrap(), "c").await;
}

#[actix_web::test]
async fn a_server_that_asks_for_a_certificate_gets_it() {
    let Some((server, port, authority)) = tls_server() else { return };
    let [(client, key), (other, other_key)] = ["client", "other"].map(|name| certificate(server.folder(), name));
    let known = server.folder().join("known");
    fs::write(&known, [&authority, &client].map(|file| fs::read_to_string(file).unwrap()).concat()).unwrap();
    for (name, value) in [("tls-ca-cert-file", known.to_str().unwrap()), ("tls-auth-clients", "yes")] {
        server.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(name).arg(value)).unwrap();
    }
    let base = format!("rediss://127.0.0.1:{port}?sslrootcert={}", authority.display());
    let with =
        |certificate: &Path, key: &Path| format!("{base}&sslcert={}&sslkey={}", certificate.display(), key.display());
    works(&RedisStore::connect(&with(&client, &key)).await.unwrap(), "a").await;
    // In a URL a plus is a plus.
    let odd = ["a+b c.crt", "a+b c.key"].map(|name| server.folder().join(name));
    fs::copy(&client, &odd[0]).unwrap();
    fs::copy(&key, &odd[1]).unwrap();
    works(&RedisStore::connect(&with(&odd[0], &odd[1]).replace(' ', "%20")).await.unwrap(), "b").await;
    for url in [base.clone(), with(&other, &other_key), with(&client, &other_key)] {
        assert!(RedisStore::connect(&url).await.is_err(), "{url}");
    }
    let error = RedisStore::connect(&format!("{base}&sslcert={}", client.display())).await.unwrap_err().to_string();
    assert!(error.contains("belong together"), "{error}");
}
