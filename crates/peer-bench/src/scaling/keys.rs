//! The number of keys that verify: with one token, and with tokens of all keys by turns. Nothing is remembered, so that the key is looked up with each request.

use super::apps::{self, Cache};
use super::section::{Point, Section};
use crate::token::SUBJECT;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtManager, jwt_required};

pub fn section() -> Section {
    Section {
        heading: "Keys",
        quantity: "keys that verify",
        file: "scaling-keys.svg",
        open: &["unprotected, one token", "unprotected, one of each key"],
        series: &[("tokens of one key", 0), ("tokens of all keys", 1)],
        points: [1, 10, 100, 1000].map(point).into(),
    }
}

fn point(keys: usize) -> Point {
    let jwt = || {
        let builder = JwtManager::builder(apps::config(Cache::Off)).signing_key(signing_key(0));
        let builder = (1..keys).fold(builder, |builder, at| builder.verifying_key(verifying_key(at)));
        builder.build().expect("a configuration for tests")
    };
    let tokens: Vec<String> = (0..keys).map(token).collect();
    let (one, all) = (&tokens[..1], &tokens[..]);
    Point {
        value: keys,
        open: vec![apps::open(one), apps::open(all)],
        protected: [one, all].map(|tokens| Some(apps::protected(jwt(), jwt_required(), tokens))).into(),
    }
}

fn token(key: usize) -> String {
    let jwt = JwtManager::builder(apps::config(Cache::Off)).signing_key(signing_key(key)).build();
    jwt.expect("a configuration for tests").create_access_token(SUBJECT).expect("a token for tests")
}

fn signing_key(at: usize) -> SigningKey {
    let key = SigningKey::from_secret(Algorithm::HS256, secret(at).as_bytes());
    key.expect("a secret for tests").with_key_id(key_id(at))
}

fn verifying_key(at: usize) -> VerifyingKey {
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], secret(at).as_bytes());
    key.expect("a secret for tests").with_key_id(key_id(at))
}

fn secret(key: usize) -> String {
    format!("the secret of a key for a measurement, number {key}")
}

fn key_id(key: usize) -> String {
    format!("key-{key:03}")
}
