//! The number of keys that verify. Nothing is remembered, so that the key is looked up with each request.

use super::apps::{self, Cache};
use super::section::{Point, Section};
use crate::token::SUBJECT;
use actix_jwt_extended::{Algorithm, JwtManager, SigningKey, VerifyingKey, jwt_required};

pub fn section() -> Section {
    Section {
        heading: "Keys",
        quantity: "keys that verify",
        file: "scaling-keys.svg",
        open: &["unprotected"],
        series: &[("verified", 0)],
        points: [1, 10, 100, 1000].map(point).into(),
    }
}

fn point(keys: usize) -> Point {
    let secret = |at: usize| format!("the secret of a key for a measurement, number {at}");
    let others = (1..keys).map(|at| {
        let key = VerifyingKey::from_secret(&[Algorithm::HS256], secret(at).as_bytes());
        key.expect("a secret for tests").with_key_id(format!("key-{at:03}"))
    });
    let own = SigningKey::from_secret(Algorithm::HS256, secret(0).as_bytes()).expect("a secret for tests");
    let builder = JwtManager::builder(apps::config(Cache::Off)).signing_key(own.with_key_id("key-000"));
    let builder = others.fold(builder, |builder, key| builder.verifying_key(key));
    let jwt = builder.build().expect("a configuration for tests");
    let token = jwt.create_access_token(SUBJECT).expect("a token for tests");
    Point {
        value: keys,
        open: vec![apps::open(&token)],
        protected: vec![Some(apps::protected(jwt, jwt_required(), &token))],
    }
}
