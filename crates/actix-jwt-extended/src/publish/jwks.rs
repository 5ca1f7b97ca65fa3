//! The public keys, for whoever verifies elsewhere (RFC 7517).

use super::answer::answer;
use crate::manager::JwtManager;
use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpRequest, HttpResponse, web};
use std::borrow::Cow;

impl JwtManager {
    /// The public keys as a JWK Set (RFC 7517 §5): of all keys that verify, the one that signs first.
    ///
    /// Secrets are never in it, nor is anything private. A key that was withdrawn, or whose last token has expired, is not in it
    /// any more. [`jwks_endpoint`] serves it.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    /// assert_eq!(jwt.jwks(), r#"{"keys":[]}"#, "there is only a secret");
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn jwks(&self) -> String {
        String::from_utf8_lossy(self.ring().jwks().text()).into_owned()
    }
}

/// Publishes the keys of the manager at `/.well-known/jwks.json`, so that others can verify its tokens.
///
/// They may be kept for `JWT_JWKS_MAX_AGE`, which the answer says. No key signs before it has been published for so long,
/// unless it is forced to. Scripts of all origins may read them. Of no use where secrets sign: those have no public half.
///
/// ```
/// use actix_jwt_extended::publish::jwks_endpoint;
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_web::App;
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let app = App::new().app_data(jwt).service(jwks_endpoint());
/// # drop(app);
/// ```
#[must_use]
pub fn jwks_endpoint() -> JwksEndpoint {
    JwksEndpoint { path: Cow::Borrowed("/.well-known/jwks.json") }
}

/// The service that [`jwks_endpoint`] makes.
///
/// ```
/// use actix_jwt_extended::publish::{JwksEndpoint, jwks_endpoint};
/// let endpoint: JwksEndpoint = jwks_endpoint();
/// ```
#[derive(Debug, Clone)]
pub struct JwksEndpoint {
    path: Cow<'static, str>,
}

impl JwksEndpoint {
    /// Another path than `/.well-known/jwks.json`.
    ///
    /// ```
    /// use actix_jwt_extended::publish::jwks_endpoint;
    /// use actix_web::App;
    /// let app = App::new().service(jwks_endpoint().at("/oauth/keys"));
    /// # drop(app);
    /// ```
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: Cow::Owned(path.into()) }
    }
}

impl HttpServiceFactory for JwksEndpoint {
    fn register(self, config: &mut AppService) {
        web::resource(self.path.into_owned()).to(jwks).register(config);
    }
}

async fn jwks(jwt: JwtManager, request: HttpRequest) -> HttpResponse {
    answer(&request, "application/jwk-set+json", jwt.ring().jwks(), jwt.config().jwks_max_age)
}
