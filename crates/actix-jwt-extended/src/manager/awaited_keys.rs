//! Tokens whose key must be waited for: it is loaded first, and then the token is verified as any other.

use crate::claims::VerifiedToken;
use crate::error::JwtError;
use crate::keys::VerifyingKey;
use crate::manager::{By, DecodeOptions, Inner, JwtManager, hooks};
use crate::token::codec::Parts;

impl JwtManager {
    /// [`decode_token`](Self::decode_token) with the key of
    /// [`decode_key_loader_async`](crate::JwtManagerBuilder::decode_key_loader_async), if there is that hook.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # actix_web::rt::System::new().block_on(async {
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// assert_eq!(jwt.decode_token_async(&token).await?.identity(), "ada");
    /// # Ok::<(), actix_jwt_extended::JwtError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`decode_token`](Self::decode_token).
    pub async fn decode_token_async(&self, token: &str) -> Result<VerifiedToken, JwtError> {
        self.decode_token_with_async(token, &DecodeOptions::new()).await
    }

    /// [`decode_token_with`](Self::decode_token_with), likewise.
    ///
    /// ```
    /// # use actix_jwt_extended::{DecodeOptions, JwtConfig, JwtManager};
    /// # actix_web::rt::System::new().block_on(async {
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// jwt.decode_token_with_async(&token, &DecodeOptions::new().allow_expired()).await?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`decode_token_with`](Self::decode_token_with).
    pub async fn decode_token_with_async(
        &self,
        token: &str,
        options: &DecodeOptions,
    ) -> Result<VerifiedToken, JwtError> {
        if !self.waits_for_keys() {
            return self.decode_token_with(token, options);
        }
        let token = token.as_bytes();
        let key = self.load_key(token).await?;
        self.verify_new(token, By::Loaded(key.as_ref()), options.csrf_value.as_deref(), options.allow_expired, |_| {
            Ok(())
        })
    }

    /// Whether the key of a token must be loaded before the token can be verified.
    pub(crate) fn waits_for_keys(&self) -> bool {
        self.0.hooks.decode_key_async.is_some()
    }

    /// The key that the application names for a token; none for what is no token at all.
    pub(crate) async fn load_key(&self, token: &[u8]) -> Result<Option<VerifyingKey>, JwtError> {
        let Inner { keys, rules, hooks, .. } = &*self.0;
        let Some(hook) = &hooks.decode_key_async else { return Ok(None) };
        let Ok(parts) = Parts::split(token, rules.max_token_size, &keys.ring(), |_| None) else { return Ok(None) };
        let Ok(claims) = parts.unverified_claims() else { return Ok(None) };
        let header = parts.header.get().members().clone();
        hooks::call_async("decode_key_loader_async", || hook(header, claims)).await
    }

    /// Verifies somebody's token with the key that was loaded for it, if there was one.
    pub(crate) fn verify_loaded(
        &self,
        token: &[u8],
        key: Option<&VerifyingKey>,
        csrf_value: Option<&str>,
        allow_expired: bool,
    ) -> Result<VerifiedToken, JwtError> {
        self.verify_new(token, By::Loaded(key), csrf_value, allow_expired, |verified| self.judge_identity(verified))
    }

    /// A token that the application itself hands in: where its key would have to be waited for, all but the signature
    /// is judged.
    pub(crate) fn verify_own(&self, token: &[u8]) -> Result<VerifiedToken, JwtError> {
        if !self.waits_for_keys() {
            return self.verify(token, None, true);
        }
        let Inner { keys, rules, .. } = &*self.0;
        let parts = Parts::split(token, rules.max_token_size, &keys.ring(), |_| None)?;
        let read = rules.judge(parts, self.now(), || self.now())?;
        self.judge_identity(&read)?;
        Ok(read)
    }
}
