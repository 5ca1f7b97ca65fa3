//! The demo's `JwtManager`s: the same settings, keys and store, with and without a user lookup.

use crate::users::Users;
use actix_jwt_extended::store::SharedStore;
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
    pub fn build(config: JwtConfig, users: &Data<Users>, store: &SharedStore) -> Result<Self, ConfigError> {
        let users = users.clone();
        Ok(Self {
            jwt: builder(config.clone(), store).build()?,
            loading_users: builder(config, store)
                .user_lookup_loader(move |token| {
                    let users = users.clone();
                    async move { users.find(&token.identity()).await }
                })
                .build()?,
        })
    }
}

fn builder(config: JwtConfig, store: &SharedStore) -> JwtManagerBuilder {
    JwtManager::builder(config).token_store(store.clone()).on_reuse_detected(|detected| async move {
        let from = detected.client_address().map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        log::warn!(
            "a refresh token of {:?} came back after it was used, from {from}: session {} is over",
            detected.subject(),
            detected.session_id()
        );
    })
}
