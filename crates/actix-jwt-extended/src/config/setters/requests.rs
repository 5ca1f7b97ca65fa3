//! Setters: where a request carries its token, and how a refused one is answered.

use super::setters;
use crate::config::{ErrorFormat, ForwardedHeader, JwtConfig, Location, OneOrMany};
use std::time::Duration;

setters! {
    /// The key of the message in the answer to a refused request; `msg` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().error_message_key("detail");
    /// ```
    "JWT_ERROR_MESSAGE_KEY" error_message_key(key: impl Into<String>) => key.into();

    /// How a refused request is answered: as Flask-JWT-Extended does, by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{ErrorFormat, JwtConfig};
    /// let config = JwtConfig::new().error_format(ErrorFormat::Rfc6750);
    /// ```
    "JWT_ERROR_FORMAT" error_format(format: ErrorFormat) => format;

    /// The URL of this resource's metadata (RFC 9728), which every challenge names, so that a client without a token finds out
    /// where to get one. See [`protected_resource_metadata`](crate::JwtManager::protected_resource_metadata).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().resource_metadata("https://api.example/.well-known/oauth-protected-resource");
    /// ```
    "JWT_RESOURCE_METADATA" resource_metadata(url: impl Into<String>) => Some(url.into());

    /// Where tokens are looked for, in this order; in headers by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Location};
    /// let config = JwtConfig::new().token_location([Location::Headers]);
    /// ```
    "JWT_TOKEN_LOCATION" token_location(locations: impl Into<Vec<Location>>) => locations.into();

    /// The header that holds the token; `Authorization` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().header_name("X-Access-Token");
    /// ```
    "JWT_HEADER_NAME" header_name(name: impl Into<String>) => name.into();

    /// The word before the token in the header; `Bearer` by default. Empty = the bare token.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().header_type("");
    /// ```
    "JWT_HEADER_TYPE" header_type(scheme: impl Into<String>) => scheme.into();

    /// The query parameter that holds the token; `jwt` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().query_string_name("token");
    /// ```
    "JWT_QUERY_STRING_NAME" query_string_name(name: impl Into<String>) => name.into();

    /// What the query parameter's value must begin with, before the token; nothing by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().query_string_value_prefix("Bearer ");
    /// ```
    "JWT_QUERY_STRING_VALUE_PREFIX" query_string_value_prefix(prefix: impl Into<String>) => prefix.into();

    /// The key of an access token in a JSON body; `access_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().json_key("token");
    /// ```
    "JWT_JSON_KEY" json_key(key: impl Into<String>) => key.into();

    /// The key of a refresh token in a JSON body; `refresh_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_json_key("token");
    /// ```
    "JWT_REFRESH_JSON_KEY" refresh_json_key(key: impl Into<String>) => key.into();

    /// The longest body that is searched for a token or a CSRF value, in bytes; 262144 by default.
    /// A longer one is a 413.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_body_size(16 * 1024);
    /// ```
    "JWT_MAX_BODY_SIZE" max_body_size(bytes: usize) => bytes;

    /// How long such a body may take to arrive; 30 seconds by default. A slower one is a 408.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().body_timeout(std::time::Duration::from_secs(5));
    /// ```
    "JWT_BODY_TIMEOUT" body_timeout(timeout: Duration) => timeout;

    /// The proxies in front of the application, by address or network, whose word about a client's address counts; by
    /// default nobody's, for anybody can send that header. See [`JwtManager::client_address`](crate::JwtManager::client_address).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().trusted_proxies(["127.0.0.1", "10.0.0.0/8"]);
    /// ```
    "JWT_TRUSTED_PROXIES" trusted_proxies(proxies: impl Into<OneOrMany>) => Some(proxies.into());

    /// The header in which they tell it; `X-Forwarded-For` by default. Name the one that your proxy writes: the other
    /// passes through it as the client wrote it.
    ///
    /// ```
    /// # use actix_jwt_extended::{ForwardedHeader, JwtConfig};
    /// let config = JwtConfig::new().forwarded_header(ForwardedHeader::Forwarded);
    /// ```
    "JWT_FORWARDED_HEADER" forwarded_header(header: ForwardedHeader) => header;
}
