//! What clients and resource servers may know of the one who issues tokens (RFC 8414).

use super::document::MetadataEndpoint;
use super::members::Members;
use crate::config::HttpsUrl;
use crate::error::ConfigError;
use crate::manager::JwtManager;
use serde_json::Value;

impl JwtManager {
    /// Begins the metadata of this application as an authorization server (RFC 8414). Its issuer is `JWT_ENCODE_ISSUER`.
    ///
    /// What is not said is not in it: each endpoint that there is needs its URL, as clients see it.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_jwt_extended::publish::jwks_endpoint;
    /// use actix_web::App;
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::new(config.encode_issuer("https://login.example"))?;
    /// let metadata = jwt
    ///     .authorization_server_metadata()
    ///     .jwks_uri("https://login.example/.well-known/jwks.json")
    ///     .token_endpoint("https://login.example/oauth/token")
    ///     .grant_types(["refresh_token"])
    ///     .build()?;
    /// let app = App::new().app_data(jwt).service(jwks_endpoint()).service(metadata);
    /// # drop(app);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    pub fn authorization_server_metadata(&self) -> AuthorizationServerMetadata {
        let issuer = self.config().encode_issuer.clone();
        AuthorizationServerMetadata { members: Members::new(self.config().jwks_max_age), issuer }
    }
}

/// The metadata of an authorization server, as they are put together.
///
/// See [`JwtManager::authorization_server_metadata`].
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthorizationServerMetadata {
    members: Members,
    issuer: Option<String>,
}

macro_rules! urls {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// ```
            /// # use actix_jwt_extended::{JwtConfig, JwtManager};
            /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
            /// # let jwt = JwtManager::new(config).unwrap();
            #[doc = concat!("let metadata = jwt.authorization_server_metadata().", stringify!($name), "(\"https://login.example/path\");")]
            /// ```
            pub fn $name(mut self, url: impl Into<String>) -> Self {
                self.members.set_url(stringify!($name), url.into());
                self
            }
        )*
    };
}

impl AuthorizationServerMetadata {
    urls! {
        /// Where the public keys are: see [`jwks_endpoint`](super::jwks_endpoint).
        jwks_uri;
        /// Where clients get tokens (RFC 6749 §3.2).
        token_endpoint;
        /// Where users allow a client to have some (RFC 6749 §3.1).
        authorization_endpoint;
        /// Where tokens are revoked: see [`revocation_endpoint`](crate::session::revocation_endpoint).
        revocation_endpoint;
        /// Where resource servers ask about tokens: see [`introspection_endpoint`](crate::session::introspection_endpoint).
        introspection_endpoint;
    }

    /// Another issuer than `JWT_ENCODE_ISSUER`: where each token is given its own.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.authorization_server_metadata().issuer("https://login.example/tenant").build()?;
    /// assert!(metadata.url().ends_with("/.well-known/oauth-authorization-server/tenant"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The scopes that can be asked for: `scopes_supported`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.authorization_server_metadata().scopes(["read", "write"]);
    /// ```
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.members.set_list("scopes_supported", scopes);
        self
    }

    /// How tokens are got: `grant_types_supported`. Where it is not said, clients take it for `authorization_code` and
    /// `implicit`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.authorization_server_metadata().grant_types(["client_credentials", "refresh_token"]);
    /// ```
    pub fn grant_types<T: Into<String>>(mut self, grant_types: impl IntoIterator<Item = T>) -> Self {
        self.members.set_list("grant_types_supported", grant_types);
        self
    }

    /// Any other member, under its name in the registry of RFC 8414 §7.1.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt
    ///     .authorization_server_metadata()
    ///     .member("token_endpoint_auth_methods_supported", vec!["private_key_jwt"]);
    /// ```
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.set(name, value.into());
        self
    }

    /// Checks it all: the document as a service to mount.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.authorization_server_metadata().issuer("http://login.example").build();
    /// assert_eq!(metadata.unwrap_err().to_string(), "issuer must be an https URL without query and fragment");
    /// ```
    ///
    /// # Errors
    /// No issuer; one that is no https URL, or has a query or fragment; another member that is to be an https URL and is none.
    pub fn build(mut self) -> Result<MetadataEndpoint, ConfigError> {
        let missing = "JWT_ENCODE_ISSUER is not set, and the metadata of an authorization server need the issuer";
        let issuer = self.issuer.take().ok_or_else(|| ConfigError::Conflict(missing.to_owned()))?;
        let Some(url) = HttpsUrl::read(&issuer).filter(|url| url.query.is_none()) else {
            let expected = format!("{} without query and fragment", HttpsUrl::KIND);
            return Err(ConfigError::InvalidValue { setting: "issuer", expected });
        };
        self.members.set("issuer", issuer.as_str().into());
        if !self.members.has("response_types_supported") {
            // §2 demands it, also of those who have no authorization endpoint.
            let has_endpoint = self.members.has("authorization_endpoint");
            let types: &[&str] = if has_endpoint { &["code"] } else { &[] };
            self.members.set("response_types_supported", types.into());
        }
        self.members.build(&url, "oauth-authorization-server")
    }
}
