//! Cookies in answers, and their renewal.

pub(crate) mod cookies;
pub(crate) mod implicit_refresh;
