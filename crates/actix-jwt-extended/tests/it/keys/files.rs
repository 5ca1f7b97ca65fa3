//! Keys as other tools write them: each file of `tests/data/keys` with its verdict.

use crate::app::{builder, manager};
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::JwtManager;
use actix_jwt_extended::keys::Algorithm;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    let of_text = Some(text(file)).filter(|text| !text.is_empty()).map(|text| config(setting, algorithm, &text));
    [of_path].into_iter().chain(of_text).collect()
}

#[test]
fn every_file_has_its_verdict() {
    let table = std::fs::read_to_string(folder().join("verdicts.tsv")).unwrap();
    let mut judged = BTreeSet::from(["README.md", "make", "thumbprints.tsv", "verdicts.tsv"].map(str::to_owned));
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let [file, setting, algorithm, verdict] = *row.split('\t').collect::<Vec<_>>() else { panic!("{row}") };
        judged.insert(file.to_owned());
        let algorithm: Algorithm = algorithm.parse().unwrap();
        for config in both_forms(setting, algorithm, file) {
            match (builder(config).build(), verdict) {
                (Ok(jwt), "ok") if setting == "JWT_PUBLIC_KEY" => verifies_its_pair(&jwt, file, algorithm),
                (Ok(jwt), "ok") => {
                    let token = jwt.create_access_token("ada").unwrap();
                    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "ada", "{row}");
                }
                (Ok(_), _) => panic!("accepted: {row}"),
                (Err(error), _) => {
                    let said = format!("{setting} {verdict}");
                    assert!(verdict != "ok" && error.to_string().starts_with(&said), "{error}\n{row}");
                }
            }
        }
    }
    let present = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(present.collect::<BTreeSet<_>>(), judged, "verdicts.tsv has another list of files than the folder");
}

/// What the private half signs, which has the same name without `.pub`.
fn verifies_its_pair(jwt: &JwtManager, file: &str, algorithm: Algorithm) {
    let pair = file.replace(".pub.", ".");
    let private = if pair == file { file.replace("set", "set-private") } else { pair };
    let token = manager(config("JWT_PRIVATE_KEY", algorithm, &text(&private))).create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "ada", "{file}");
    let (message, _) = token.rsplit_once('.').unwrap();
    assert!(jwt.decode_token(&format!("{message}.{}", "A".repeat(86))).is_err(), "{file}");
}
