//! What the routes answer to all other methods: which they have.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

const ROUTES: [(&str, &str); 18] = [
    ("/", "GET, HEAD, OPTIONS"),
    ("/page.css", "GET, HEAD, OPTIONS"),
    ("/page.js", "GET, HEAD, OPTIONS"),
    ("/login", "POST, OPTIONS"),
    ("/protected", "GET, HEAD, POST, OPTIONS"),
    ("/optional", "GET, HEAD, OPTIONS"),
    ("/fresh", "GET, HEAD, OPTIONS"),
    ("/auth/login", "POST, OPTIONS"),
    ("/auth/refresh", "POST, OPTIONS"),
    ("/auth/logout", "DELETE, OPTIONS"),
    ("/auth/cookies", "POST, PUT, DELETE, OPTIONS"),
    ("/auth/sessions", "GET, HEAD, DELETE, OPTIONS"),
    ("/auth/sessions/{id}", "DELETE, OPTIONS"),
    ("/claims", "GET, HEAD, OPTIONS"),
    ("/header", "GET, HEAD, OPTIONS"),
    ("/location", "GET, HEAD, OPTIONS"),
    ("/me", "GET, HEAD, OPTIONS"),
    ("/metrics", "GET, HEAD, OPTIONS"),
];

/// After all others: the router comes here with what none of them takes.
pub fn configure(app: &mut ServiceConfig) {
    for (path, allowed) in ROUTES {
        app.route(path, web::to(move |request: HttpRequest| async move { answer(&request, allowed) }));
    }
}

/// OPTIONS needs no token: a browser asks before it sends one.
fn answer(request: &HttpRequest, allowed: &str) -> HttpResponse {
    if request.method() == Method::OPTIONS {
        return HttpResponse::Ok().insert_header((ALLOW, allowed)).finish();
    }
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).json(json!({ "msg": "Method not allowed" }))
}
