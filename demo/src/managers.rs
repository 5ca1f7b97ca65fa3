//! The demo's `JwtManager`s: the same settings and keys, with and without a user lookup.

use crate::revoked::Revoked;
use crate::users::Users;
use actix_jwt_extended::{ConfigError, JwtConfig, JwtManager, JwtManagerBuilder};
use actix_web::web::Data;

#[derive(Clone)]
pub struct Managers {
    /// As in the Flask example, a token alone decides: its subject need not be one of our users.
    pub jwt: JwtManager,
    /// Loads the user, and refuses a token whose subject is none.
    pub loading_users: JwtManager,
}

impl Managers {
    pub fn build(config: JwtConfig, users: &Data<Users>, revoked: &Data<Revoked>) -> Result<Self, ConfigError> {
        let users = users.clone();
        Ok(Self {
            jwt: builder(config.clone(), revoked).build()?,
            loading_users: builder(config, revoked)
                .user_lookup_loader(move |token| {
                    let users = users.clone();
                    async move { users.find(&token.identity()).await }
                })
                .build()?,
        })
    }
}

fn builder(config: JwtConfig, revoked: &Data<Revoked>) -> JwtManagerBuilder {
    let revoked = revoked.clone();
    JwtManager::builder(config).token_in_blocklist_loader(move |token| {
        let revoked = token.jti().is_some_and(|jwt_id| revoked.contains(jwt_id));
        async move { revoked }
    })
}
