//! Keys that change while a manager works: what signs, what verifies, and from when to when.

use crate::app::{NOW, builder, config};
use actix_jwt_extended::keys::{Algorithm, KeyState, SigningKey};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{ConfigError, JwtConfig, JwtManager, Location};
use std::time::{Duration, SystemTime};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn secret(id: &str) -> SigningKey {
    let secret = format!("{id}: a secret with 0123456789 abcdefghij in it");
    SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).unwrap().with_key_id(id)
}

fn pair(algorithm: Algorithm, pem: &str, id: &str) -> SigningKey {
    SigningKey::from_pem(algorithm, pem).unwrap().with_key_id(id)
}

fn at_work(config: JwtConfig) -> (JwtManager, ManualClock) {
    let clock = ManualClock::at(NOW as u64);
    (builder(config).clock(clock.clone()).build().unwrap(), clock)
}

fn states(jwt: &JwtManager) -> Vec<(Option<String>, KeyState)> {
    jwt.keys().iter().map(|key| (key.key_id().map(str::to_owned), key.state())).collect()
}

fn signer(jwt: &JwtManager) -> Option<String> {
    let token = jwt.create_access_token("ada").unwrap();
    jwt.decode_token(&token).unwrap().header().key_id().map(str::to_owned)
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

#[test]
fn a_key_goes_its_way_from_next_to_gone() {
    use KeyState::{Active, Next, Retiring};
    let (jwt, clock) = at_work(config().decode_leeway(Duration::from_secs(60)));
    let first = jwt.create_refresh_token("ada").unwrap();
    let takes_over = jwt.rotate_keys(secret("b")).unwrap();
    assert_eq!(seconds(takes_over), NOW + 3600 + 60);
    assert_eq!(states(&jwt), [(None, Active), (Some("b".into()), Next)]);
    assert_eq!((jwt.keys()[0].since(), jwt.keys()[0].until()), (None, Some(takes_over)));
    assert_eq!((jwt.keys()[1].since().map(seconds), jwt.keys()[1].until()), (Some(NOW), Some(takes_over)));
    // Published for less than the others may keep what they know.
    clock.advance(Duration::from_secs(HOUR + 59));
    assert_eq!(signer(&jwt), None);
    clock.advance(Duration::from_secs(1));
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    assert_eq!(states(&jwt), [(None, Retiring), (Some("b".into()), Active)]);
    assert!(jwt.decode_token(&first).is_ok());
    // The last token of the first key: a refresh token of 30 days.
    let gone = takes_over + Duration::from_secs(30 * DAY + 60);
    assert_eq!(jwt.keys()[0].until(), Some(gone));
    clock.advance(Duration::from_secs(30 * DAY + 59));
    assert_eq!(states(&jwt).len(), 2);
    clock.advance(Duration::from_secs(1));
    assert_eq!(states(&jwt), [(Some("b".into()), Active)]);
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    let by_the_first = JwtManager::builder(config()).clock(clock.clone()).build().unwrap();
    let late = by_the_first.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&late).unwrap_err().to_string(), "Signature verification failed");
}

#[test]
fn every_algorithm_takes_over_from_every_other() {
    let (jwt, clock) = at_work(config());
    let mut tokens = vec![jwt.create_access_token("ada").unwrap()];
    for (algorithm, pem) in [
        (Algorithm::ES256, include_str!("../../keys/ec256.pem")),
        (Algorithm::Ed25519, include_str!("../../keys/ed25519.pem")),
        (Algorithm::MlDsa44, include_str!("../../keys/mldsa44.pem")),
        (Algorithm::ES512, include_str!("../../keys/ec521.pem")),
        (Algorithm::PS256, include_str!("../../keys/rsa2048.pem")),
    ] {
        let id = algorithm.name();
        jwt.rotate_keys(pair(algorithm, pem, id)).unwrap();
        assert_ne!(signer(&jwt).as_deref(), Some(id));
        clock.advance(Duration::from_secs(HOUR));
        assert_eq!(signer(&jwt).as_deref(), Some(id));
        tokens.push(jwt.access_token("ada").expires_in(Duration::from_secs(DAY)).encode().unwrap());
        for token in tokens.iter().skip(1) {
            assert!(jwt.decode_token(token).is_ok(), "{algorithm}");
        }
    }
    assert!(jwt.decode_token(&tokens[0]).is_err(), "it has expired");
}

#[test]
fn a_token_that_lives_longer_keeps_its_key() {
    let (jwt, clock) = at_work(config());
    let long = jwt.access_token("ada").expires_in(Duration::from_secs(90 * DAY)).encode().unwrap();
    jwt.rotate_keys(secret("b")).unwrap();
    clock.advance(Duration::from_secs(80 * DAY));
    assert!(jwt.decode_token(&long).is_ok());
    assert_eq!(states(&jwt).len(), 2);
    clock.advance(Duration::from_secs(10 * DAY));
    assert_eq!(states(&jwt).len(), 1);
    // One that lives for ever, for ever.
    let (jwt, clock) = at_work(config());
    let for_ever = jwt.access_token("a build server").never_expires().encode().unwrap();
    jwt.rotate_keys(secret("b")).unwrap();
    clock.advance(Duration::from_secs(4000 * DAY));
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    assert!(jwt.decode_token(&for_ever).is_ok());
    assert_eq!(jwt.keys()[0].until(), None);
}

#[test]
fn a_key_can_be_forced_by_name() {
    let (jwt, clock) = at_work(config());
    let old = jwt.create_access_token("ada").unwrap();
    for id in ["b", "c", "d"] {
        // Within one second.
        jwt.rotate_keys(secret(id)).unwrap();
        jwt.activate_key(id).unwrap();
        assert_eq!(signer(&jwt).as_deref(), Some(id));
    }
    assert!(jwt.decode_token(&old).is_ok());
    // And back.
    jwt.activate_key("b").unwrap();
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    let active = jwt.keys().into_iter().filter(|key| key.state() == KeyState::Active);
    assert_eq!(active.map(|key| key.key_id().unwrap().to_owned()).collect::<Vec<_>>(), ["b"]);
    clock.advance(Duration::from_secs(HOUR));
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    assert_eq!(jwt.activate_key("?").unwrap_err().to_string(), "the key \"?\" is no key of this manager");
    assert!(jwt.withdraw_key("c"));
    assert_eq!(jwt.activate_key("c").unwrap_err().to_string(), "the key \"c\" is withdrawn; make a new one");
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
}

#[test]
fn a_later_choice_replaces_an_earlier_one() {
    let (jwt, clock) = at_work(config());
    jwt.rotate_keys(secret("b")).unwrap();
    clock.advance(Duration::from_secs(60));
    jwt.rotate_keys(secret("c")).unwrap();
    clock.advance(Duration::from_secs(HOUR));
    assert_eq!(signer(&jwt).as_deref(), Some("c"));
    // Still next: it verifies, and can be forced.
    assert_eq!(states(&jwt)[1], (Some("b".into()), KeyState::Next));
    jwt.activate_key("b").unwrap();
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
}

#[test]
fn what_is_refused_changes_nothing() {
    let cookies = config().token_location([Location::Headers, Location::Cookies]).cookie_secure(true);
    let (jwt, _) = at_work(cookies);
    jwt.rotate_keys(secret("b")).unwrap();
    let before = jwt.keys();
    let ml_dsa = pair(Algorithm::MlDsa65, include_str!("../../keys/mldsa65.pem"), "c");
    let nameless = SigningKey::from_secret(Algorithm::HS256, b"a secret with 0123456789 abcdefghij in it").unwrap();
    for (key, said) in [
        (secret("b"), "two keys have the key ID \"b\"; rename one"),
        (nameless, "a secret that replaces another key needs a key ID"),
        (ml_dsa, "JWT_TOKEN_LOCATION has \"cookies\", and browsers keep no cookie of more than 4096 bytes"),
    ] {
        let error = jwt.rotate_keys(key).unwrap_err();
        assert!(matches!(error, ConfigError::Conflict(_)) && error.to_string().starts_with(said), "{error}");
        assert_eq!(jwt.keys(), before);
    }
    assert_eq!(signer(&jwt), None);
}

#[test]
fn a_key_that_has_gone_does_not_come_back() {
    let (jwt, clock) = at_work(config());
    let old = jwt.access_token("ada").expires_in(Duration::from_secs(20 * DAY)).encode().unwrap();
    jwt.rotate_keys(secret("b")).unwrap();
    clock.advance(Duration::from_secs(HOUR + 30 * DAY));
    jwt.rotate_keys(secret("c")).unwrap();
    assert!(jwt.withdraw_key("b"));
    assert_eq!(signer(&jwt).as_deref(), Some("c"));
    assert_eq!(states(&jwt).len(), 2);
    assert!(jwt.decode_token(&old).is_err());
}

#[test]
fn a_withdrawn_key_signs_nothing_and_verifies_nothing() {
    let (jwt, clock) = at_work(config());
    jwt.rotate_keys(secret("b")).unwrap();
    clock.advance(Duration::from_secs(HOUR));
    let token = jwt.create_access_token("ada").unwrap();
    assert!(jwt.decode_token(&token).is_ok());
    jwt.rotate_keys(secret("c")).unwrap();
    assert!(jwt.withdraw_key("b"));
    assert!(jwt.decode_token(&token).is_err());
    // The key before it signs again: everybody knows it, and the next one comes when it is known.
    assert_eq!(signer(&jwt), None);
    clock.advance(Duration::from_secs(HOUR));
    assert_eq!(signer(&jwt).as_deref(), Some("c"));
    assert!(jwt.withdraw_key("c"));
    assert_eq!(signer(&jwt), None);
    assert_eq!(states(&jwt)[1..], [(Some("b".into()), KeyState::Withdrawn), (Some("c".into()), KeyState::Withdrawn)]);
}

#[test]
fn with_no_other_key_the_next_one_takes_over_at_once() {
    let clock = ManualClock::at(NOW as u64);
    let jwt = builder(JwtConfig::new()).clock(clock).signing_key(secret("a")).build().unwrap();
    jwt.rotate_keys(secret("b")).unwrap();
    assert!(jwt.withdraw_key("a"));
    assert_eq!(signer(&jwt).as_deref(), Some("b"));
    assert!(jwt.withdraw_key("b"));
    let error = jwt.create_access_token("ada").unwrap_err().to_string();
    assert!(error.contains("no key"), "{error}");
}

#[test]
fn the_token_cache_forgets_what_a_key_verified_and_nothing_else() {
    let (jwt, clock) = at_work(config());
    jwt.rotate_keys(secret("b")).unwrap();
    jwt.activate_key("b").unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    jwt.decode_token(&token).unwrap();
    let hits = || jwt.token_cache_stats().hits;
    let before = hits();
    jwt.rotate_keys(secret("c")).unwrap();
    jwt.activate_key("c").unwrap();
    assert!(jwt.decode_token(&token).is_ok());
    assert_eq!(hits(), before + 1, "more keys do not matter to it");
    assert!(jwt.withdraw_key("b"));
    assert!(jwt.decode_token(&token).is_err());
    assert_eq!(hits(), before + 1);
    drop(clock);
}

#[test]
fn a_token_without_a_key_id_may_be_of_any_key() {
    let old = builder(JwtConfig::new()).signing_key(
        SigningKey::from_secret(Algorithm::HS256, b"b: a secret with 0123456789 abcdefghij in it").unwrap(),
    );
    let token = old.build().unwrap().create_access_token("ada").unwrap();
    let (jwt, _) = at_work(config());
    assert!(jwt.decode_token(&token).is_err());
    jwt.rotate_keys(secret("b")).unwrap();
    assert!(jwt.decode_token(&token).is_ok());
    jwt.withdraw_key("b");
    assert!(jwt.decode_token(&token).is_err());
}

#[test]
fn so_many_keys_of_one_algorithm_are_tried_and_no_more() {
    let (jwt, clock) = at_work(config());
    for number in 0..20 {
        clock.advance(Duration::from_secs(1));
        jwt.rotate_keys(secret(&number.to_string())).unwrap();
        jwt.activate_key(&number.to_string()).unwrap();
    }
    let tried = (0..20).filter(|number| {
        let secret = format!("{number}: a secret with 0123456789 abcdefghij in it");
        let key = SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).unwrap();
        let token = builder(JwtConfig::new()).signing_key(key).build().unwrap().create_access_token("ada").unwrap();
        jwt.decode_token(&token).is_ok()
    });
    // The latest.
    assert_eq!(tried.collect::<Vec<_>>(), (4..20).collect::<Vec<_>>());
}
