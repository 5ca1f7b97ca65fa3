//! `GET /`: a page that shows it all. It is in this program, and asks no other host for anything.

use crate::page_settings::PageSettings;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpResponse, Responder, Route, guard};

/// Scripts, styles and calls of this origin only; no frame, no form, no base.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // So that the three files are always of one version.
    (CACHE_CONTROL, "no-store"),
];

/// The page with the settings in it that its script follows. A block of data is nothing that the policy would stop.
#[derive(Clone)]
pub struct Page(Bytes);

impl Page {
    pub fn new(settings: &PageSettings) -> Result<Self, serde_json::Error> {
        let html = include_str!("../../page/index.html").replacen("{{settings}}", &settings.to_json_in_html()?, 1);
        Ok(Self(html.into()))
    }
}

pub fn configure(app: &mut ServiceConfig, page: Page) {
    app.route("/", reading().to(move || answer(page.clone())))
        .route("/page.css", reading().to(style))
        .route("/page.js", reading().to(script));
}

fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn answer(page: Page) -> impl Responder {
    file("text/html; charset=utf-8", page.0)
}

async fn style() -> impl Responder {
    file("text/css; charset=utf-8", include_str!("../../page/style.css"))
}

async fn script() -> impl Responder {
    file("text/javascript; charset=utf-8", include_str!("../../page/app.js"))
}

fn file(content_type: &str, content: impl Into<Bytes>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, content_type));
    for header in HEADERS {
        response.insert_header(header);
    }
    response.body(content.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
    use actix_web::{App, http::StatusCode};
    use std::collections::BTreeMap;

    fn configured(app: &mut ServiceConfig) {
        configure(app, Page::new(&PageSettings::new(&BTreeMap::new(), true)).unwrap());
    }

    #[actix_web::test]
    async fn every_file_comes_with_its_type_and_the_policy() {
        let app = init_service(App::new().configure(configured)).await;
        for (path, content_type) in [
            ("/", "text/html; charset=utf-8"),
            ("/page.css", "text/css; charset=utf-8"),
            ("/page.js", "text/javascript; charset=utf-8"),
        ] {
            let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
            assert_eq!(header("content-type"), content_type);
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(
                header("content-security-policy"),
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            );
        }
    }

    /// The policy would stop them; better that nothing tries.
    #[actix_web::test]
    async fn no_file_names_another_host_or_makes_html_of_data() {
        let app = init_service(App::new().configure(configured)).await;
        for path in ["/", "/page.css", "/page.js"] {
            let body = call_and_read_body(&app, TestRequest::get().uri(path).to_request()).await;
            let text = String::from_utf8(body.to_vec()).unwrap().replace("xmlns='http://www.w3.org/2000/svg'", "");
            for forbidden in ["http://", "https://", "\"//", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("] {
                assert!(!text.contains(forbidden), "{path}: {forbidden}");
            }
        }
    }
}
