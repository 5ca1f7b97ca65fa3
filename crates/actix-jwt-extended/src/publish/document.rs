//! A metadata document where those who need it look for it (RFC 8615).

use super::answer::answer;
use crate::encoding::tagged::Tagged;
use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpRequest, web};
use std::fmt;
use std::future::ready;
use std::time::Duration;

/// A metadata document, checked, as a service to mount. Its text is JSON.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_web::App;
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let metadata = jwt.protected_resource_metadata("https://api.example/v1").build()?;
/// assert_eq!(metadata.url(), "https://api.example/.well-known/oauth-protected-resource/v1");
/// let app = App::new().service(metadata);
/// # drop(app);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MetadataEndpoint {
    pub(super) path: String,
    pub(super) url: String,
    pub(super) text: Tagged,
    pub(super) max_age: Duration,
}

impl MetadataEndpoint {
    /// Where those who need it look for it. Whatever stands in front of the application must lead there.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::new(config.encode_issuer("https://login.example"))?;
    /// let metadata = jwt.authorization_server_metadata().build()?;
    /// assert_eq!(metadata.url(), "https://login.example/.well-known/oauth-authorization-server");
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Another path than that of the URL, for an application whose proxy changes paths.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let metadata = jwt.protected_resource_metadata("https://api.example/v1").build()?.at("/metadata");
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }
}

impl fmt::Display for MetadataEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.text.text()))
    }
}

impl HttpServiceFactory for MetadataEndpoint {
    fn register(self, config: &mut AppService) {
        let Self { path, text, max_age, .. } = self;
        let serve = move |request: HttpRequest| ready(answer(&request, "application/json", &text, max_age));
        web::resource(path).to(serve).register(config);
    }
}
