//! What clients may know of the one who takes tokens (RFC 9728).

use super::document::MetadataEndpoint;
use super::members::Members;
use crate::config::{HttpsUrl, JwtConfig, Location};
use crate::error::ConfigError;
use crate::manager::JwtManager;
use serde_json::Value;

impl JwtManager {
    /// Begins the metadata of this application as a protected resource (RFC 9728), under the URL by which clients know it.
    ///
    /// They say how a token is to be sent, by `JWT_TOKEN_LOCATION`, and where to get one: from the issuers of
    /// `JWT_DECODE_ISSUER`, unless it is said otherwise. With `JWT_RESOURCE_METADATA` a refused client is told where they are.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_web::App;
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::new(config.decode_issuer("https://login.example"))?;
    /// let metadata = jwt.protected_resource_metadata("https://api.example").scopes(["read", "write"]).build()?;
    /// let app = App::new().app_data(jwt).service(metadata);
    /// # drop(app);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    pub fn protected_resource_metadata(&self, resource: impl Into<String>) -> ProtectedResourceMetadata {
        let config = self.config();
        let mut members = Members::new(config.jwks_max_age);
        members.set("bearer_methods_supported", bearer_methods(config).into());
        ProtectedResourceMetadata {
            members,
            resource: resource.into(),
            servers: None,
            issuers: config.decode_issuer.iter().flat_map(|issuers| issuers.iter()).map(str::to_owned).collect(),
            challenges_name: config.resource_metadata.clone(),
        }
    }
}

/// The metadata of a protected resource, as they are put together.
///
/// See [`JwtManager::protected_resource_metadata`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ProtectedResourceMetadata {
    members: Members,
    resource: String,
    servers: Option<Vec<String>>,
    issuers: Vec<String>,
    challenges_name: Option<String>,
}

impl ProtectedResourceMetadata {
    /// Who issues tokens for it, each by the issuer in its own metadata; by default `JWT_DECODE_ISSUER`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata =
    ///     jwt.protected_resource_metadata("https://api.example").authorization_servers(["https://login.example"]);
    /// ```
    pub fn authorization_servers<T: Into<String>>(mut self, issuers: impl IntoIterator<Item = T>) -> Self {
        self.servers = Some(issuers.into_iter().map(Into::into).collect());
        self
    }

    /// The scopes that it asks for: `scopes_supported`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.protected_resource_metadata("https://api.example").scopes(["read", "write"]);
    /// ```
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.members.set_list("scopes_supported", scopes);
        self
    }

    /// Where the resource's own keys are, with which it signs answers. Those that sign tokens are the authorization server's.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.protected_resource_metadata("https://api.example").jwks_uri("https://api.example/keys");
    /// ```
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.members.set_url("jwks_uri", url.into());
        self
    }

    /// Any other member, under its name in the registry of RFC 9728 §8.1.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.protected_resource_metadata("https://api.example").member("resource_name", "An example");
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
    /// let metadata = jwt.protected_resource_metadata("api.example").build();
    /// assert_eq!(metadata.unwrap_err().to_string(), "resource must be an https URL without fragment");
    /// ```
    ///
    /// # Errors
    /// A resource, an authorization server or another member that is to be an https URL without fragment, and is none.
    pub fn build(mut self) -> Result<MetadataEndpoint, ConfigError> {
        let wrong = |setting| ConfigError::InvalidValue { setting, expected: HttpsUrl::EXPECTED.to_owned() };
        let is_issuer = |text: &String| HttpsUrl::read(text).is_some_and(|url| url.query.is_none());
        let servers = match self.servers.take() {
            Some(servers) if !servers.iter().all(is_issuer) => {
                let expected = format!("issuers, each {} without query and fragment", HttpsUrl::KIND);
                return Err(ConfigError::InvalidValue { setting: "authorization_servers", expected });
            }
            Some(servers) => servers,
            // An issuer may be any text; here only a URL is of use.
            None => std::mem::take(&mut self.issuers).into_iter().filter(is_issuer).collect(),
        };
        self.members.set_list("authorization_servers", servers);
        let url = HttpsUrl::read(&self.resource).ok_or_else(|| wrong("resource"))?;
        self.members.set("resource", self.resource.as_str().into());
        let endpoint = self.members.build(&url, "oauth-protected-resource")?;
        if let Some(named) = self.challenges_name.filter(|named| named != endpoint.url()) {
            log::warn!(
                "JWT_RESOURCE_METADATA is {named:?}, and these metadata belong at {:?}: clients look for them in vain",
                endpoint.url()
            );
        }
        Ok(endpoint)
    }
}

/// Those of RFC 6750 §2 that the settings allow; none is said to be none.
fn bearer_methods(config: &JwtConfig) -> Vec<&'static str> {
    let is_bearer =
        config.header_name.eq_ignore_ascii_case("Authorization") && config.header_type.eq_ignore_ascii_case("Bearer");
    let is_query = config.query_string_name == "access_token" && config.query_string_value_prefix.is_empty();
    let method = |location: &Location| match location {
        Location::Headers if is_bearer => Some("header"),
        Location::QueryString if is_query => Some("query"),
        _ => None,
    };
    config.token_location.iter().filter_map(method).collect()
}
