//! The applications that are asked in process: one route that is asked, protected or not.

use crate::in_process::Subject;
use crate::peers::{open_handler, protected_handler};
use crate::token::SECRET;
use actix_jwt_extended::{JwtConfig, JwtManager, JwtRequired};
use actix_web::web;

/// Whether verified tokens are remembered.
#[derive(Clone, Copy)]
pub enum Cache {
    Usual,
    Off,
}

/// For the tokens of `tokens.rs`, which may be longer than by default.
pub fn config(cache: Cache) -> JwtConfig {
    let config = JwtConfig::new().secret_key(SECRET).max_token_size(16 * 1024);
    match cache {
        Cache::Usual => config,
        Cache::Off => config.token_cache_size(0),
    }
}

pub fn manager(cache: Cache) -> JwtManager {
    JwtManager::new(config(cache)).expect("a configuration for tests")
}

pub fn open(tokens: &[impl AsRef<str>]) -> Subject {
    Subject::actix(
        |service| {
            service.service(web::resource("/protected").route(web::get().to(open_handler)));
        },
        tokens,
    )
}

pub fn protected(jwt: JwtManager, required: JwtRequired, tokens: &[impl AsRef<str>]) -> Subject {
    Subject::actix(
        |service| {
            let resource = web::resource("/protected").wrap(required).route(web::get().to(protected_handler));
            service.app_data(jwt).service(resource);
        },
        tokens,
    )
}
