//! The settings as methods, for what code says.

mod cookies;
mod requests;
mod sessions;
mod tokens;

macro_rules! setters {
    ($(
        $(#[$doc:meta])*
        $setting:literal $field:ident($value:ident: $arg:ty) => $convert:expr;
    )*) => {
        impl JwtConfig {
            $(
                $(#[$doc])*
                #[doc = ""]
                #[doc = concat!("Setting: `", $setting, "`.")]
                #[must_use]
                pub fn $field(mut self, $value: $arg) -> Self {
                    self.$field = $convert;
                    self
                }
            )*
        }
    };
}

use setters;
