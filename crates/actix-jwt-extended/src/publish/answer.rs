//! The answer to whoever fetches something that is for everybody: kept for a while, asked about by its tag, and read by
//! scripts of any origin.

use crate::encoding::tagged::Tagged;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CACHE_CONTROL, ETAG,
    EntityTag, Header as _, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use std::time::Duration;

const METHODS: &str = "GET, HEAD, OPTIONS";

pub(super) fn answer(request: &HttpRequest, content_type: &str, text: &Tagged, max_age: Duration) -> HttpResponse {
    match *request.method() {
        Method::GET | Method::HEAD if is_known(request, text) => {
            kept(HttpResponse::NotModified(), text, max_age).finish()
        }
        Method::GET | Method::HEAD => {
            kept(HttpResponse::Ok(), text, max_age).content_type(content_type).body(text.text().clone())
        }
        Method::OPTIONS if request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) => {
            for_all(HttpResponse::NoContent())
                .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
                .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "*"))
                .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
                .insert_header((ALLOW, METHODS))
                .finish()
        }
        Method::OPTIONS => for_all(HttpResponse::NoContent()).insert_header((ALLOW, METHODS)).finish(),
        _ => for_all(HttpResponse::MethodNotAllowed()).insert_header((ALLOW, METHODS)).finish(),
    }
}

fn kept(response: HttpResponseBuilder, text: &Tagged, max_age: Duration) -> HttpResponseBuilder {
    let mut response = for_all(response);
    response
        .insert_header((CACHE_CONTROL, format!("public, max-age={}", max_age.as_secs())))
        .insert_header((ETAG, EntityTag::new_strong(text.tag().to_owned())))
        .insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, "ETag"));
    response
}

fn for_all(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}

/// Whether the client has it already (RFC 9110 §13.1.2).
fn is_known(request: &HttpRequest, text: &Tagged) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.tag() == text.tag()),
        Err(_) => false,
    }
}
