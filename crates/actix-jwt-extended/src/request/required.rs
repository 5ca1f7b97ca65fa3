//! [`jwt_required`]: what a route demands of a request.

use crate::claims::TokenType;
use crate::config::Location;
use crate::manager::JwtManager;
use crate::request::scope::AccessPolicy;

/// Demands a valid access token: as a wrap on an App, a scope or a resource, or in a route macro.
///
/// ```
/// use actix_jwt_extended::{JwtIdentity, jwt_required};
/// use actix_web::{App, get, web};
///
/// #[get("/me", wrap = "jwt_required()")]
/// async fn me(user: JwtIdentity) -> String {
///     user.to_string()
/// }
///
/// let app = App::new()
///     .service(me)
///     .service(web::scope("/admin").wrap(jwt_required().fresh().any_role(["admin"])));
/// # drop(app);
/// ```
pub fn jwt_required() -> JwtRequired {
    JwtRequired::default()
}

/// What a route demands of a request; made by [`jwt_required`].
///
/// ```
/// use actix_jwt_extended::jwt_required;
/// let for_refreshing = jwt_required().refresh();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a demand does nothing until it is wrapped around something"]
pub struct JwtRequired {
    pub(crate) optional: bool,
    pub(crate) fresh: bool,
    pub(crate) refresh: bool,
    pub(crate) any_type: bool,
    pub(crate) allow_expired: bool,
    pub(crate) skip_revocation_check: bool,
    pub(crate) locations: Option<Vec<Location>>,
    pub(crate) policy: AccessPolicy,
}

impl JwtRequired {
    /// Lets a request without a token through, as anonymous. A token that is bad is still refused.
    ///
    /// Handlers take [`Optional<E>`](crate::Optional).
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().optional();
    /// ```
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Demands a fresh token: one that was issued for a password, not for a refresh token.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().fresh();
    /// ```
    pub fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    /// Demands a refresh token instead of an access token.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().refresh();
    /// ```
    pub fn refresh(self) -> Self {
        Self { refresh: true, ..self }
    }

    /// Looks in these places, in this order, instead of those of `JWT_TOKEN_LOCATION`.
    ///
    /// ```
    /// use actix_jwt_extended::{Location, jwt_required};
    /// let wrap = jwt_required().locations([Location::Headers]);
    /// ```
    pub fn locations(self, locations: impl Into<Vec<Location>>) -> Self {
        Self { locations: Some(locations.into()), ..self }
    }

    /// With `false`, a token of any [type](crate::TokenType) passes: access, refresh, or neither, such as an ID token.
    ///
    /// ```
    /// let for_logging_out = actix_jwt_extended::jwt_required().verify_type(false);
    /// ```
    pub fn verify_type(self, verify: bool) -> Self {
        Self { any_type: !verify, ..self }
    }

    /// Lets a token through that has expired, and is good otherwise: genuine, not revoked, with its CSRF value where it
    /// came in a cookie. For routes that log out, and for no others: the session of such a token may live, and its
    /// refresh token with it.
    ///
    /// ```
    /// use actix_jwt_extended::{Jwt, JwtError, JwtManager, jwt_required};
    /// use actix_web::{HttpResponse, delete};
    ///
    /// #[delete("/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
    /// async fn logout(jwt: JwtManager, presented: Jwt) -> Result<HttpResponse, JwtError> {
    ///     jwt.log_out(&presented).await?;
    ///     Ok(HttpResponse::NoContent().finish())
    /// }
    /// ```
    pub fn allow_expired(self) -> Self {
        Self { allow_expired: true, ..self }
    }

    /// Does not ask whether the token has been revoked.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().skip_revocation_check();
    /// ```
    pub fn skip_revocation_check(self) -> Self {
        Self { skip_revocation_check: true, ..self }
    }

    /// Demands all of these scopes, separated by spaces (RFC 6749 §3.3), in the `scope` or `scp`
    /// claim; otherwise 403. Called again, it adds an alternative. No scope at all admits nobody.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().scope("orders:read orders:write").scope("admin");
    /// ```
    pub fn scope(mut self, scopes: &str) -> Self {
        self.policy.allow_scopes(scopes);
        self
    }

    /// Demands one of these roles in the `roles` claim; otherwise 403. An empty list admits nobody.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().any_role(["admin", "editor"]);
    /// ```
    pub fn any_role<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.policy.allow_roles(roles.into_iter().map(Into::into).collect());
        self
    }

    /// The type of token whose cookie, JSON key and CSRF names are looked for.
    pub(crate) fn names(&self) -> TokenType {
        if self.refresh { TokenType::Refresh } else { TokenType::Access }
    }

    pub(crate) fn locations_of<'a>(&'a self, manager: &'a JwtManager) -> &'a [Location] {
        self.locations.as_deref().unwrap_or(&manager.config().token_location)
    }
}
