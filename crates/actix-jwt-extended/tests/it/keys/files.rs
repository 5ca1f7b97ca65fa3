//! Keys as other tools write them: each file of `tests/data/keys` with its verdict.

use crate::app::{builder, manager};
use crate::logged;
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::JwtManager;
use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
use actix_jwt_extended::test_util::ManualClock;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const PASSWORD: &str = "a test's password";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys")
}

fn text(file: &str) -> String {
    String::from_utf8(std::fs::read(folder().join(file)).unwrap()).unwrap_or_default()
}

fn config(setting: &str, algorithm: Algorithm, key: &str) -> JwtConfig {
    let config = JwtConfig::new().algorithm(algorithm);
    match setting {
        "JWT_SECRET_KEY" => config.secret_key(key),
        "JWT_PRIVATE_KEY" => config.private_key(key),
        "JWT_PRIVATE_KEY + JWT_PRIVATE_KEY_PASSWORD" => config.private_key(key).private_key_password(PASSWORD),
        "JWT_PUBLIC_KEY" => config.public_key(key),
        _ => panic!("{setting}"),
    }
}

/// As text, and as a file.
fn both_forms(setting: &str, algorithm: Algorithm, file: &str) -> Vec<JwtConfig> {
    let path = folder().join(file);
    let of_path = match setting {
        "JWT_SECRET_KEY" => JwtConfig::new().algorithm(algorithm).secret_key_file(&path),
        _ => config(setting, algorithm, path.to_str().unwrap()),
    };
    let text = Some(text(file)).filter(|text| text.contains("-----BEGIN") || text.starts_with('{'));
    // Once is enough of what takes its time.
    let text = text.filter(|_| !setting.ends_with("PASSWORD"));
    [of_path].into_iter().chain(text.map(|text| config(setting, algorithm, &text))).collect()
}

#[test]
fn every_file_has_its_verdict() {
    let table = std::fs::read_to_string(folder().join("verdicts.tsv")).unwrap();
    let mut judged = BTreeSet::from(["README.md", "make", "thumbprints.tsv", "verdicts.tsv"].map(str::to_owned));
    let mut wrong = Vec::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let [file, setting, algorithm, verdict] = *row.split('\t').collect::<Vec<_>>() else { panic!("{row}") };
        judged.insert(file.to_owned());
        let algorithm: Algorithm = algorithm.parse().unwrap();
        for config in both_forms(setting, algorithm, file) {
            let said = match builder(config).build() {
                Ok(jwt) if setting == "JWT_PUBLIC_KEY" => verifies_its_pair(&jwt, file, algorithm),
                Ok(jwt) => {
                    let token = jwt.create_access_token("ada").unwrap();
                    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "ada", "{row}");
                    "ok".to_owned()
                }
                Err(error) => {
                    let text = error.to_string().replace(folder().join(file).to_str().unwrap(), "FILE");
                    text.split_once(' ').filter(|(name, _)| setting.starts_with(name)).unwrap().1.to_owned()
                }
            };
            if !(said.starts_with(verdict) && (said == "ok") == (verdict == "ok")) {
                wrong.push(format!("{row}\n    {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let present = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(present.collect::<BTreeSet<_>>(), judged, "verdicts.tsv has another list of files than the folder");
}

/// What the private half signs, if it is in a file: `name.pem` of `name.pub.pem` and `name-certificate.pub.pem`.
fn verifies_its_pair(jwt: &JwtManager, file: &str, algorithm: Algorithm) -> String {
    let pair = file.replace(".pub.", ".");
    let names = ["-text-certificate", "-certificate", "-compressed", "-expired"].map(|what| pair.replace(what, ""));
    let of_set = file.replace("set", "set-private");
    let names = names.into_iter().chain([pair, of_set]).filter(|name| name != file);
    let private = names.map(|name| folder().join(name)).find(|path| path.is_file()).expect(file);
    let private = config("JWT_PRIVATE_KEY", algorithm, private.to_str().unwrap());
    let token = manager(private).create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "ada", "{file}");
    let (message, _) = token.rsplit_once('.').unwrap();
    assert!(jwt.decode_token(&format!("{message}.{}", "A".repeat(86))).is_err(), "{file}");
    "ok".to_owned()
}

#[test]
fn an_expired_certificate_is_told() {
    let told = |file: &str| {
        let config = config("JWT_PUBLIC_KEY", Algorithm::ES256, folder().join(file).to_str().unwrap());
        let said = logged::lines_of(|| drop(builder(config).build().unwrap()));
        said.into_iter().filter(|line| line.contains("certificate")).collect::<Vec<_>>()
    };
    let expired = "cryptography-p256-expired.pub.pem";
    let said = "is a certificate that expired on 2020-02-29T12:30:00Z; its key is used all the same";
    assert_eq!(told(expired), [format!("JWT_PUBLIC_KEY {said}")]);
    assert_eq!(told("openssl-p256-certificate.pub.pem"), Vec::<String>::new());
    let lines = logged::lines_of(|| drop(VerifyingKey::from_pem(&[Algorithm::ES256], &text(expired)).unwrap()));
    assert_eq!(lines, [format!("the public key {said}")]);
    // By the manager's clock.
    let config = config("JWT_PUBLIC_KEY", Algorithm::ES256, &text(expired));
    let in_time = ManualClock::at(1_582_979_400);
    let lines = logged::lines_of(|| drop(builder(config).clock(in_time).build().unwrap()));
    assert!(!lines.iter().any(|line| line.contains("certificate")), "{lines:?}");
}

/// Whatever is no key's file is told, and soon.
#[test]
fn other_things_than_files_of_keys_are_told() {
    let temporary = tempfile::tempdir().unwrap();
    let path = |name: &str| temporary.path().join(name);
    std::fs::write(path("long.pem"), format!("{}{}", "x".repeat(64 << 10), text("openssl-p256.pem"))).unwrap();
    std::fs::create_dir(path("folder.pem")).unwrap();
    let mut names = vec![("long.pem", "it is longer than 65536 bytes"), ("folder.pem", "Is a directory")];
    #[cfg(target_os = "linux")]
    {
        std::os::unix::fs::symlink(path("loop.pem"), path("loop.pem")).unwrap();
        names.push(("loop.pem", "Too many levels of symbolic links"));
        std::os::unix::fs::symlink("/dev/zero", path("endless.pem")).unwrap();
        names.push(("endless.pem", "it is longer than 65536 bytes"));
    }
    for (name, why) in names {
        let path = path(name);
        for setting in ["JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"] {
            let error = builder(config(setting, Algorithm::ES256, path.to_str().unwrap())).build().unwrap_err();
            let said = format!("{setting} must be PEM text or the path of a PEM file; cannot read that file: {why}");
            assert!(error.to_string().starts_with(&said), "{error}");
        }
        let error = builder(JwtConfig::new().secret_key_file(&path)).build().unwrap_err().to_string();
        assert!(error.starts_with(&format!("JWT_SECRET_KEY cannot be read from {}: {why}", path.display())), "{error}");
    }
}

/// The commands of the errors, run as they stand, make a key that is read.
#[test]
#[allow(clippy::print_stdout)]
fn what_an_error_says_converts_the_key() {
    let is_there = |program: &str| Command::new(program).arg("-h").output().is_ok();
    if !is_there("openssl") || !is_there("ssh-keygen") {
        assert!(std::env::var_os("CI").is_none(), "openssl or ssh-keygen is not installed");
        println!("skipped: openssl or ssh-keygen is not installed");
        return;
    }
    for (file, setting, algorithm) in [
        ("openssl-p256.der", "JWT_PRIVATE_KEY", Algorithm::ES256),
        ("openssl-p256.pub.der", "JWT_PUBLIC_KEY", Algorithm::ES256),
        ("openssl-p256-certificate.pub.der", "JWT_PUBLIC_KEY", Algorithm::ES256),
        ("openssl-p256-trusted-certificate.pub.pem", "JWT_PUBLIC_KEY", Algorithm::ES256),
        ("openssl-p256-explicit.pem", "JWT_PRIVATE_KEY", Algorithm::ES256),
        ("openssl-p256-explicit-sec1.pem", "JWT_PRIVATE_KEY", Algorithm::ES256),
        ("openssl-dsa.pem", "JWT_PRIVATE_KEY", Algorithm::ES256),
        ("openssl-ed448.pem", "JWT_PRIVATE_KEY", Algorithm::EdDSA),
        ("ssh-keygen-rsa.pem", "JWT_PRIVATE_KEY", Algorithm::RS256),
        ("ssh-keygen-ecdsa.pem", "JWT_PRIVATE_KEY", Algorithm::ES256),
        ("ssh-keygen-rsa.pub", "JWT_PUBLIC_KEY", Algorithm::RS256),
        ("ssh-keygen-rsa.ssh2.pub", "JWT_PUBLIC_KEY", Algorithm::RS256),
    ] {
        let temporary = tempfile::tempdir().unwrap();
        // ssh-keygen works on the file itself, and only on one that others cannot read.
        let copy = temporary.path().join("COPY");
        std::fs::copy(folder().join(file), &copy).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let refusal = config(setting, algorithm, copy.to_str().unwrap());
        let error = builder(refusal).build().unwrap_err().to_string();
        let command = error.split('`').nth(1).unwrap().replace("FILE", "COPY");
        let shell = Command::new("sh").args(["-c", &command]).current_dir(temporary.path()).output().unwrap();
        assert!(shell.status.success(), "{file}: {command}: {}", String::from_utf8_lossy(&shell.stderr));
        let name = command.split_once("-out ").map_or("COPY", |(_, name)| name.trim());
        if command.contains("-e -m") {
            std::fs::write(&copy, shell.stdout).unwrap();
        }
        let path = temporary.path().join(name);
        builder(config(setting, algorithm, path.to_str().unwrap())).build().expect(file);
    }
}
