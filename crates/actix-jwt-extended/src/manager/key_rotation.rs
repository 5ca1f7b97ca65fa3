//! Keys that come, take over and go while the manager works.

use super::start_up::{check_lifetimes, check_room};
use super::{Changed, Inner, JwtManager};
use crate::clock::unix_seconds;
use crate::error::ConfigError;
use crate::keys::{KeyInfo, KeyRing, SigningKey, TimedKey};
use std::time::{Duration, SystemTime};

impl JwtManager {
    /// The keys of this manager: those that verify, the one that signs, and those that were withdrawn.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_jwt_extended::keys::{Algorithm, KeyState};
    /// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    /// assert_eq!(jwt.keys()[0].algorithms(), [Algorithm::HS256]);
    /// assert_eq!(jwt.keys()[0].state(), KeyState::Active);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn keys(&self) -> Vec<KeyInfo> {
        self.0.keys.list(self.now())
    }

    /// Replaces the key that signs, without a restart and without anybody being logged out; when the new one takes over.
    ///
    /// It is published at once, and verifies. It signs as soon as everybody who verifies elsewhere can know it: after
    /// `JWT_JWKS_MAX_AGE` and `JWT_DECODE_LEEWAY`, unless [`activate_key`](Self::activate_key) comes first. The key that it
    /// replaces verifies until the last token that it signed has expired, and then goes by itself. The algorithm may be
    /// another one. Where a key waits for its turn already, that one does not take over any more.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_jwt_extended::keys::{Algorithm, KeyState, SigningKey};
    /// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    /// let new = SigningKey::from_secret(Algorithm::HS256, b"another example's secret, 32 bytes or more")?;
    /// let takes_over = jwt.rotate_keys(new.with_key_id("2026-12"))?;
    /// assert!(takes_over > std::time::SystemTime::now());
    /// assert_eq!(jwt.keys()[1].state(), KeyState::Next);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError::Conflict`] for a key without a key ID, or with that of another key; a key that does not work, or whose
    /// tokens would not fit. Then nothing has changed.
    pub fn rotate_keys(&self, key: SigningKey) -> Result<SystemTime, ConfigError> {
        let key = TimedKey::of_code(key)?;
        let (signs_from, changed) = self.0.keys.prepare(key, self.now(), &|ring| self.judge_ring(ring))?;
        self.forget_if(changed);
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(signs_from.unsigned_abs()))
    }

    /// Makes the key of this ID sign from now on, even if verifiers elsewhere do not know it yet: they may refuse its tokens for as long
    /// as `JWT_JWKS_MAX_AGE`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    /// let new = SigningKey::from_secret(Algorithm::HS256, b"another example's secret, 32 bytes or more")?;
    /// jwt.rotate_keys(new.with_key_id("2026-12"))?;
    /// jwt.activate_key("2026-12")?;
    /// let token = jwt.create_access_token("ada").unwrap();
    /// assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some("2026-12"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// There is no such key, it was withdrawn, or it only verifies. Then nothing has changed.
    pub fn activate_key(&self, key_id: &str) -> Result<(), ConfigError> {
        let changed = self.0.keys.activate(key_id, self.now(), &|ring| self.judge_ring(ring))?;
        self.forget_if(changed);
        Ok(())
    }

    /// Withdraws a key by its key ID: from now on, and in all clones of this manager, it verifies nothing.
    /// `false` = there is no such key.
    ///
    /// For a key that has leaked. Where it is the one that signs, another one does from now on: the latest that is retiring,
    /// which verifiers elsewhere know, else the next one. Without either no token can be issued. Keys without a key ID
    /// cannot be withdrawn; build a new manager.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
    /// let jwt = JwtManager::builder(JwtConfig::new()).signing_key(key.with_key_id("2026-11")).build()?;
    /// let token = jwt.create_access_token("ada").unwrap();
    /// assert!(jwt.decode_token(&token).is_ok());
    /// assert!(jwt.withdraw_key("2026-11"));
    /// assert!(jwt.decode_token(&token).is_err());
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    pub fn withdraw_key(&self, key_id: &str) -> bool {
        let withdrawn = self.0.keys.withdraw(key_id, self.now());
        // After it: what is being verified meanwhile is not remembered.
        self.0.verified.forget();
        withdrawn
    }

    /// Puts the keys in force that the time asks for. Cheap where nothing has changed.
    pub(super) fn turn_keys(&self) {
        let Inner { keys, clock, .. } = &*self.0;
        // A key takes over at a second; that of the last tick is early enough.
        if keys.is_over(clock.coarse_seconds()) {
            self.forget_if(keys.turn(unix_seconds(clock.now())));
        }
    }

    /// Until when a token with this expiry is good, in seconds since the epoch.
    pub(crate) fn last_moment(&self, expires: Option<i64>) -> i64 {
        expires.map_or(i64::MAX, |expires| self.0.rules.last_moment(expires))
    }

    pub(super) fn judge_ring(&self, ring: &KeyRing) -> Result<(), ConfigError> {
        ring.self_test()?;
        check_room(&self.0.config, ring)?;
        check_lifetimes(&self.0.config, ring)
    }

    pub(super) fn forget_if(&self, changed: Changed) {
        if changed == Changed::Less {
            self.0.verified.forget();
        }
    }
}
