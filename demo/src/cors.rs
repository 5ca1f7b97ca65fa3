//! Whose scripts may read the answers: those of one other origin, if a setting names it.

use crate::configuration::Origin;
use actix_cors::Cors;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::middleware::Condition;

/// Around everything else, so that refusals can be read as well. Without cookies: those are for the
/// demo's own page.
pub fn allowing(origin: Option<&Origin>) -> Condition<Cors> {
    let cors = Cors::default().allow_any_method().allow_any_header().expose_headers([WWW_AUTHENTICATE]).max_age(600);
    match origin {
        Some(origin) => Condition::new(true, cors.allowed_origin(origin.as_str())),
        None => Condition::new(false, cors),
    }
}
