//! [`JwtIdentity`]: whom a token is about.

use crate::claims::VerifiedToken;
use crate::error::JwtError;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// Extractor: whom the token is about, as text, or as a `Uuid`, an `i64`, …
///
/// Without a type it derefs to `str`, and [`into_inner`](Self::into_inner) gives a `String`; the text is the
/// verified token's own, so that extracting it allocates nothing. With a type `T: FromStr` it derefs to `T`, and an
/// identity that is no `T` is a 422.
///
/// ```
/// use actix_jwt_extended::{JwtIdentity, jwt_required};
/// use actix_web::get;
///
/// #[get("/me", wrap = "jwt_required()")]
/// async fn me(user: JwtIdentity) -> String {
///     format!("{user}, whose name begins with {:?}", user.chars().next())
/// }
///
/// #[get("/orders", wrap = "jwt_required()")]
/// async fn orders(user: JwtIdentity<u64>) -> String {
///     format!("orders of user number {}", *user + 0)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct JwtIdentity<T = IdentityText>(T);

impl<T: IdentityType> JwtIdentity<T> {
    /// The identity itself: a `String`, or the `T` that was asked for.
    ///
    /// ```
    /// use actix_jwt_extended::JwtIdentity;
    /// async fn handler(user: JwtIdentity) -> String {
    ///     user.into_inner()
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T::Inner {
        self.0.into_inner()
    }

    #[inline]
    pub(crate) fn of(token: &VerifiedToken) -> Result<Self, JwtError> {
        T::of(token).map(Self).ok_or(JwtError::IdentityFormat)
    }
}

impl<T: IdentityType> Deref for JwtIdentity<T> {
    type Target = T::Target;

    fn deref(&self) -> &T::Target {
        self.0.target()
    }
}

impl<T: IdentityType<Target: fmt::Display>> fmt::Display for JwtIdentity<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: IdentityType<Target: fmt::Debug>> fmt::Debug for JwtIdentity<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JwtIdentity").field(&&**self).finish()
    }
}

/// What a [`JwtIdentity`] can hold.
pub trait IdentityType: Sized + 'static {
    type Target: ?Sized;
    type Inner;

    /// `None` = the identity is none of this type.
    fn of(token: &VerifiedToken) -> Option<Self>;
    fn target(&self) -> &Self::Target;
    fn into_inner(self) -> Self::Inner;
}

impl<T: FromStr + 'static> IdentityType for T {
    type Target = T;
    type Inner = T;

    #[inline]
    fn of(token: &VerifiedToken) -> Option<Self> {
        token.identity().parse().ok()
    }

    fn target(&self) -> &T {
        self
    }

    fn into_inner(self) -> T {
        self
    }
}

/// The type of a [`JwtIdentity`] without one: the identity as it stands in the verified token, which it keeps.
///
/// ```
/// use actix_jwt_extended::{IdentityText, JwtIdentity};
/// fn same(one: JwtIdentity, other: JwtIdentity<IdentityText>) -> bool {
///     one == other
/// }
/// ```
#[derive(Clone)]
pub struct IdentityText(Kept);

#[derive(Clone)]
enum Kept {
    InToken(VerifiedToken),
    /// A number, say, as JSON text.
    OtherJson(Box<str>),
}

impl IdentityType for IdentityText {
    type Target = str;
    type Inner = String;

    #[inline]
    fn of(token: &VerifiedToken) -> Option<Self> {
        Some(Self(match token.identity_text() {
            Some(_) => Kept::InToken(token.clone()),
            None => Kept::OtherJson(token.identity().into()),
        }))
    }

    fn target(&self) -> &str {
        match &self.0 {
            // It was there when this was made.
            Kept::InToken(token) => token.identity_text().unwrap_or_default(),
            Kept::OtherJson(text) => text,
        }
    }

    fn into_inner(self) -> String {
        self.target().to_owned()
    }
}

impl PartialEq for IdentityText {
    fn eq(&self, other: &Self) -> bool {
        self.target() == other.target()
    }
}

impl Eq for IdentityText {}

impl fmt::Debug for IdentityText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target().fmt(f)
    }
}
