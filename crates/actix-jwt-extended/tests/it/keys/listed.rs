//! `[[JWT_KEYS]]`.

use crate::app::{config, manager};
use actix_jwt_extended::keys::{Algorithm, KeySetting, KeyState};
use actix_jwt_extended::{JwtConfig, JwtManager};

const OLD: &str = "last year's secret, 0123456789 abcdef";
const NEW: &str = "this year's secret, 0123456789 abcdef";
const EC: &str = include_str!("../../keys/ec256.pem");

fn of_file(text: &str) -> Result<JwtManager, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ec.pem"), EC).unwrap();
    std::fs::write(folder.path().join("old"), OLD).unwrap();
    let path = folder.path().join("Settings.toml");
    std::fs::write(&path, text).unwrap();
    JwtConfig::from_file(path).and_then(JwtManager::new).map_err(|error| error.to_string())
}

fn states(jwt: &JwtManager) -> Vec<(Option<String>, KeyState)> {
    jwt.keys().iter().map(|key| (key.key_id().map(str::to_owned), key.state())).collect()
}

#[test]
fn keys_in_a_settings_file_do_what_it_says() {
    let jwt = of_file(&format!(
        r#"
        JWT_DECODE_LEEWAY = 5
        [[JWT_KEYS]]
        kid = "2025"
        alg = "HS256"
        state = "retiring"
        secret_key_file = "old"
        [[JWT_KEYS]]
        alg = "ES256"
        private_key = "ec.pem"
        [[JWT_KEYS]]
        kid = "2027"
        alg = "HS512"
        state = "next"
        secret_key = "hex:{}"
        [[JWT_KEYS]]
        kid = "leaked"
        alg = "HS256"
        state = "withdrawn"
        "#,
        (0..64).map(|byte| format!("{byte:02x}")).collect::<String>(),
    ))
    .unwrap();
    let thumbprint = states(&jwt)[1].0.clone().unwrap();
    assert_eq!(thumbprint.len(), 43);
    use KeyState::{Active, Next, Retiring, Withdrawn};
    let expected = [("2025", Retiring), (&thumbprint, Active), ("2027", Next), ("leaked", Withdrawn)];
    assert_eq!(states(&jwt), expected.map(|(id, state)| (Some(id.to_owned()), state)));
    let token = jwt.create_access_token("ada").unwrap();
    let verified = jwt.decode_token(&token).unwrap();
    assert_eq!((verified.header().algorithm(), verified.header().key_id()), (Algorithm::ES256, Some(&*thumbprint)));
    // As Flask-JWT-Extended made it, without a key ID.
    let old = JwtManager::new(JwtConfig::new().secret_key(OLD)).unwrap().create_access_token("ada").unwrap();
    assert!(jwt.decode_token(&old).is_ok());
    // And forced.
    jwt.activate_key("2027").unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some("2027"));
    assert_eq!(
        jwt.activate_key("leaked").unwrap_err().to_string(),
        "the key \"leaked\" has no private half, so that it cannot sign"
    );
}

#[test]
fn keys_in_code_and_beside_a_secret() {
    let key = |secret: &str, id: &str| KeySetting::secret(Algorithm::HS256, secret).key_id(id);
    let jwt = manager(config().keys([key(OLD, "old").state(KeyState::Retiring), key(NEW, "new")]));
    // The list signs; the secret verifies.
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some("new"));
    let of_the_secret = manager(config()).create_access_token("ada").unwrap();
    assert!(jwt.decode_token(&of_the_secret).is_ok());
    let public = KeySetting::public_key(Algorithm::ES256, include_str!("../../keys/ec256.pub.pem")).key_id("ec");
    let judge = manager(JwtConfig::new().keys([public]));
    let pair = manager(JwtConfig::new().keys([KeySetting::private_key(Algorithm::ES256, EC).key_id("ec")]));
    assert!(judge.decode_token(&pair.create_access_token("ada").unwrap()).is_ok());
    assert!(judge.create_access_token("ada").is_err());
}

#[test]
fn mistakes_in_the_list_are_named() {
    let hs = |more: &str| format!("[[JWT_KEYS]]\nalg = \"HS256\"\nsecret_key = \"{NEW}\"\n{more}\n");
    let list = "JWT_KEYS must be a list of tables, and number 1 ";
    for (text, said) in [
        (hs(""), "JWT_KEYS number 1 is a secret and has no kid; give it one that says nothing of it".to_owned()),
        (hs("kid = \"\""), "JWT_KEYS number 1 has a kid of no or more than 128 bytes".to_owned()),
        (hs("kid = \"a\\nb\""), "JWT_KEYS number 1 has a kid of no".to_owned()),
        (hs("kid = 7"), format!("{list}must have a string as kid")),
        (hs("kid = \"a\"\nstatus = \"active\""), format!("{list}has \"status\", which is none of kid, alg, state,")),
        (hs("kid = \"a\"\nstate = \"old\""), format!("{list}has a state that is none of next, active,")),
        (hs("kid = \"a\"\nprivate_key = \"ec.pem\""), format!("{list}has several keys; each needs a table of its own")),
        (
            hs("kid = \"a\"\nstate = \"next\""),
            "JWT_KEYS has a key that could sign, and none with state = \"active\"".to_owned(),
        ),
        (
            format!("{}{}", hs("kid = \"a\""), hs("kid = \"a\"\nstate = \"next\"")),
            "two keys have the key ID \"a\"".to_owned(),
        ),
        (
            format!("{}{}", hs("kid = \"a\""), hs("kid = \"b\"")),
            "\"a\" and \"b\" are to sign at the same time; make one of them next, retiring or withdrawn".to_owned(),
        ),
        ("[[JWT_KEYS]]\nkid = \"a\"".to_owned(), format!("{list}lacks alg")),
        ("[[JWT_KEYS]]\nalg = \"none\"".to_owned(), format!("{list}has an alg that is no algorithm")),
        (
            "[[JWT_KEYS]]\nalg = \"ES256\"".to_owned(),
            format!("{list}has no key: secret_key, private_key or public_key"),
        ),
        (
            "[[JWT_KEYS]]\nalg = \"ES256\"\nstate = \"withdrawn\"".to_owned(),
            "JWT_KEYS number 1 is withdrawn and has no kid".to_owned(),
        ),
        ("JWT_KEYS = \"a\"".to_owned(), "JWT_KEYS must be a list of tables, [[JWT_KEYS]]".to_owned()),
        ("JWT_KEYS = [\"a\"]".to_owned(), "JWT_KEYS must be a list of tables, [[JWT_KEYS]]".to_owned()),
        (
            "[[JWT_KEYS]]\nalg = \"HS256\"\nkid = \"a\"\nsecret_key = \"short\"".to_owned(),
            "JWT_KEYS \"a\" has 5 bytes and needs at least 32".to_owned(),
        ),
        (
            "[[JWT_KEYS]]\nalg = \"EdDSA\"\nprivate_key = \"ec.pem\"".to_owned(),
            "JWT_KEYS number 1 is not an Ed25519 key".to_owned(),
        ),
        ("[[JWT_KEYS]]\nalg = \"EdDSA\"\nprivate_key = \"gone.pem\"".to_owned(), "JWT_KEYS ".to_owned()),
        (
            format!("JWT_KEYS_DIR = \".\"\n{}", hs("kid = \"a\"")),
            "JWT_KEYS and JWT_KEYS_DIR are both set; take one of them away".to_owned(),
        ),
    ] {
        let error = of_file(&text).map(|_| &text).unwrap_err();
        assert!(error.starts_with(&said), "{text}: {error}");
        assert!(!error.contains("MII") && !error.contains(NEW), "{error}");
    }
}
