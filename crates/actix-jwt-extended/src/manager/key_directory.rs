//! `JWT_KEYS_DIR`, followed: a thread of its own looks whether it has changed, so that no request waits for a disk.

use super::followed_keys::{FollowedKeys, KeyReloadStats};
use super::{Inner, JwtManager};
use crate::error::ConfigError;
use crate::keys::Origin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often it is looked at: a few calls of `stat`.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often, in looks, what failed is tried again, and the keys' age asked about.
const AGE_EVERY: u64 = 40;

impl JwtManager {
    /// Reads `JWT_KEYS_DIR` now, if it has changed; whether it had. The manager does so by itself within a second: this is for a
    /// signal such as SIGHUP, and for tests.
    ///
    /// It also does what the keys' age asks for: see `JWT_KEY_LIFETIME`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// assert!(!jwt.reload_keys()?);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the directory. The keys that were in force stay so.
    pub fn reload_keys(&self) -> Result<bool, ConfigError> {
        let Some(followed) = &self.0.followed else { return Ok(false) };
        let aged = followed.directory.keep(self.now());
        let reloaded = self.look_at_keys(followed)?;
        aged.map(|_| reloaded)
    }

    /// How often `JWT_KEYS_DIR` was read anew, and how often in vain.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// println!("{} of {}", jwt.key_reload_stats().failures, jwt.key_reload_stats().reloads);
    /// ```
    #[must_use]
    pub fn key_reload_stats(&self) -> KeyReloadStats {
        self.0.followed.as_ref().map_or(KeyReloadStats::default(), |followed| KeyReloadStats {
            reloads: followed.reloads.load(Ordering::Relaxed),
            failures: followed.failures.load(Ordering::Relaxed),
        })
    }

    /// Puts in force what has changed.
    fn look_at_keys(&self, followed: &FollowedKeys) -> Result<bool, ConfigError> {
        let mut last = followed.last();
        if last.error.is_none() && followed.directory.is_known(&last.known) {
            return Ok(false);
        }
        let outcome = followed.directory.load(&mut last.known, self.now()).and_then(|keys| {
            self.0.keys.replace(Origin::Directory, keys, self.now(), &|ring| match ring.signing {
                Some(_) => self.judge_ring(ring),
                None if self.0.hooks.load_signing_keys() => Ok(()),
                None => Err(FollowedKeys::none_signs()),
            })
        });
        match outcome {
            Ok(changed) => {
                last.error = None;
                followed.reloads.fetch_add(1, Ordering::Relaxed);
                self.forget_if(changed);
                log::info!("the keys of JWT_KEYS_DIR have been read anew");
                Ok(true)
            }
            Err(error) => {
                followed.failures.fetch_add(1, Ordering::Relaxed);
                let text = error.to_string();
                if last.error.as_ref() != Some(&text) {
                    log::error!("{text}; the keys that were in force stay so");
                }
                last.error = Some(text);
                Err(error)
            }
        }
    }

    /// Begins to follow the directory, for as long as there is this manager.
    pub(super) fn follow_keys(&self) {
        if self.0.followed.is_none() {
            return;
        }
        let manager = Arc::downgrade(&self.0);
        let spawned = std::thread::Builder::new().name("jwt-keys".to_owned()).spawn(move || follow(&manager));
        if let Err(error) = spawned {
            log::error!("JWT_KEYS_DIR is not followed, there is no thread for it: {error}");
        }
    }
}

fn follow(manager: &Weak<Inner>) {
    for look in 1.. {
        std::thread::sleep(LOOK_EVERY);
        let Some(inner) = manager.upgrade() else { return };
        let manager = JwtManager(inner);
        let Some(followed) = &manager.0.followed else { return };
        let is_late = look % AGE_EVERY == 0;
        if is_late {
            followed.keep(manager.now());
        }
        let failed = followed.last().error.is_some();
        // What failed may be half of what is still being written: soon again, and then now and then.
        if !failed || is_late || !followed.is_known() {
            let _ = manager.look_at_keys(followed);
        }
        manager.turn_keys();
    }
}
