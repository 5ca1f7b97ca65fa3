//! Where `jwt_required()` can stand, and what several of them do together.

use crate::app::{NOW, SECRET, TestApp, builder, config, manager};
use crate::forge::{good, with};
use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
use actix_jwt_extended::{Jwt, JwtError, JwtIdentity, JwtRejection, Location, jwt_required, verify_jwt_in_request};
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError as _, get, route, web};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn name(user: JwtIdentity) -> String {
    user.into_inner()
}

#[test]
fn around_an_app() {
    let jwt = manager(config());
    let app = TestApp::serve(move || {
        let server = HttpServer::new(move || {
            App::new().app_data(jwt.clone()).wrap(jwt_required()).route("/", web::get().to(name))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        (server.addrs()[0], server.run())
    });
    assert_eq!(app.get_with("/", &good()).text(), "ada");
    app.get("/", &[]).is(401, "Missing Authorization Header");
    // The routes are not told to strangers either.
    app.get("/nowhere", &[]).is(401, "Missing Authorization Header");
    assert_eq!(app.get_with("/nowhere", &good()).status, 404);
}

#[get("/macro", wrap = "jwt_required()")]
async fn in_macro() -> &'static str {
    "in"
}

#[route("/options", method = "GET", method = "OPTIONS", wrap = "jwt_required()")]
async fn options(request: HttpRequest) -> String {
    request.method().to_string()
}

#[route("/options_identity", method = "GET", method = "OPTIONS", wrap = "jwt_required()")]
async fn options_identity(user: JwtIdentity) -> String {
    user.into_inner()
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service((in_macro, options, options_identity))
        .route("/bare", web::route().to(name))
        .service(web::scope("/scope").wrap(jwt_required()).route("/a", web::get().to(name)))
        .service(web::resource("/resource").wrap(jwt_required()).route(web::get().to(name)))
        .service(
            web::scope("/outer")
                .wrap(jwt_required())
                .service(web::resource("/fresh").wrap(jwt_required().fresh()).route(web::get().to(name))),
        )
        .service(
            web::scope("/open")
                .wrap(jwt_required().optional())
                .service(web::resource("/closed").wrap(jwt_required()).route(web::get().to(name))),
        )
        .service(
            web::scope("/any")
                .wrap(jwt_required().verify_type(false))
                .service(web::resource("/refresh").wrap(jwt_required().refresh()).route(web::get().to(name))),
        )
        .service(
            web::resource("/headers").wrap(jwt_required().locations([Location::Headers])).route(web::get().to(name)),
        )
        .service(web::resource("/nowhere").wrap(jwt_required().locations([])).route(web::get().to(name)));
}

#[test]
fn around_a_scope_a_resource_and_in_a_macro() {
    let app = TestApp::start(&manager(config()), routes);
    for path in ["/scope/a", "/resource", "/macro", "/headers"] {
        assert_eq!(app.get_with(path, &good()).status, 200, "{path}");
        app.get(path, &[]).is(401, "Missing Authorization Header");
    }
    // No location at all: nobody gets in.
    app.get_with("/nowhere", &good()).is(401, "Missing Authorization Header");
}

#[test]
fn an_inner_wrap_may_demand_more() {
    let app = TestApp::start(&manager(config()), routes);
    app.get_with("/outer/fresh", &good()).is(401, "Fresh token required");
    assert_eq!(app.get_with("/outer/fresh", &with(json!({ "fresh": true }))).text(), "ada");
    app.get("/open/closed", &[]).is(401, "Missing Authorization Header");
    assert_eq!(app.get_with("/open/closed", &good()).text(), "ada");
    app.get_with("/any/refresh", &good()).is(422, "Only refresh tokens are allowed");
    assert_eq!(app.get_with("/any/refresh", &with(json!({ "type": "refresh" }))).text(), "ada");
}

#[test]
fn options_requests_pass_with_a_good_token_only() {
    let app = TestApp::start(&manager(config()), routes);
    let good_one = format!("Bearer {}", good());
    assert_eq!(app.request("OPTIONS", "/options", &[("Authorization", &good_one)]).text(), "OPTIONS");
    app.get("/options", &[]).is(401, "Missing Authorization Header");
    let bad = [("Authorization", "Bearer x.y.z")];
    for path in ["/options", "/options_identity"] {
        for headers in [&[] as &[_], &bad] {
            let answer = app.request("OPTIONS", path, headers);
            assert_eq!((answer.status, answer.text(), answer.header("www-authenticate")), (204, "", None), "{path}");
        }
    }
    // Where no wrap answers, the extractor does not invent an identity.
    app.request("OPTIONS", "/bare", &[]).is(401, "Missing Authorization Header");
    assert_eq!(
        app.request("OPTIONS", "/options_identity", &[("Authorization", &format!("Bearer {}", good()))]).text(),
        "ada"
    );
}

#[test]
fn no_method_reaches_a_handler_past_its_demand() {
    static REACHED: AtomicUsize = AtomicUsize::new(0);
    static HOOKED: AtomicUsize = AtomicUsize::new(0);
    async fn wipe() -> &'static str {
        REACHED.fetch_add(1, Ordering::SeqCst);
        "wiped"
    }
    fn routes(config: &mut web::ServiceConfig) {
        let own = from_fn(|request: ServiceRequest, next: Next<BoxBody>| async move {
            match verify_jwt_in_request(request.request(), &jwt_required()).await {
                Ok(_) => next.call(request).await,
                Err(rejection) => Ok::<_, actix_web::Error>(request.into_response(rejection.error_response())),
            }
        });
        async fn asked(request: HttpRequest) -> Result<&'static str, JwtRejection> {
            verify_jwt_in_request(&request, &jwt_required()).await?;
            Ok(wipe().await)
        }
        config
            .service(web::resource("/role").wrap(jwt_required().any_role(["admin"])).to(wipe))
            .service(web::resource("/scope").wrap(jwt_required().scope("wipe")).route(web::route().to(wipe)))
            .service(web::resource("/fresh").wrap(jwt_required().fresh()).to(wipe))
            .service(web::scope("/default").wrap(jwt_required().refresh()).default_service(web::to(wipe)))
            .service(web::resource("/own").wrap(own).to(wipe))
            .service(web::resource("/asked").to(asked));
    }
    let jwt = builder(config()).unauthorized_loader(|_, _| {
        HOOKED.fetch_add(1, Ordering::SeqCst);
        HttpResponse::Unauthorized().finish()
    });
    let app = TestApp::start(&jwt.build().unwrap(), routes);
    let plain = format!("Bearer {}", good());
    // A method's case counts (RFC 9110 §9.1): "options" is one that nobody knows.
    for method in ["OPTIONS", "POST", "HEAD", "TRACE", "CONNECT", "PURGE", "PROPFIND", "UNHEARD-OF", "options"] {
        for path in ["/role", "/scope", "/fresh", "/default/x", "/own", "/asked"] {
            let status = app.request(method, path, &[]).status;
            assert_eq!(status, if method == "OPTIONS" { 204 } else { 401 }, "{method} {path}");
            if !matches!(path, "/own" | "/asked") {
                let status = app.request(method, path, &[("Authorization", &plain)]).status;
                assert!(if method == "OPTIONS" { status == 204 } else { status >= 400 }, "{method} {path}: {status}");
            }
        }
    }
    assert_eq!(REACHED.load(Ordering::SeqCst), 0);
    assert_eq!(HOOKED.load(Ordering::SeqCst), 48, "once for each request without a token, but none for OPTIONS");
    let admin = format!("Bearer {}", with(json!({ "roles": ["admin"] })));
    for method in ["OPTIONS", "TRACE", "CONNECT", "UNHEARD-OF"] {
        assert_eq!(app.request(method, "/role", &[("Authorization", &admin)]).text(), "wiped", "{method}");
    }
}

#[test]
fn a_request_is_verified_once() {
    static VERIFIED: AtomicUsize = AtomicUsize::new(0);
    fn routes(config: &mut web::ServiceConfig) {
        config.service(web::scope("/a").wrap(jwt_required()).service(
            web::scope("/b").wrap(jwt_required().optional()).service(web::resource("/c").wrap(jwt_required()).route(
                web::get().to(async |first: JwtIdentity, _second: JwtIdentity, third: Jwt| {
                    format!("{first} {}", third.location())
                }),
            )),
        ));
    }
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = builder(config())
        .decode_key_loader(move |_, _| {
            VERIFIED.fetch_add(1, Ordering::SeqCst);
            Some(key.clone())
        })
        .build()
        .unwrap();
    let app = TestApp::start(&jwt, routes);
    assert_eq!(app.get_with("/a/b/c", &good()).text(), "ada headers");
    assert_eq!(VERIFIED.load(Ordering::SeqCst), 1);
}

#[test]
fn revocation_and_user_are_asked_once_each() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    fn routes(config: &mut web::ServiceConfig) {
        config.service(
            web::scope("/a").wrap(jwt_required().skip_revocation_check()).service(
                web::scope("/b")
                    .wrap(jwt_required())
                    .service(web::resource("/c").wrap(jwt_required()).route(web::get().to(name))),
            ),
        );
    }
    let jwt = builder(config())
        .token_in_blocklist_loader(|_| async {
            ASKED.fetch_add(1, Ordering::SeqCst);
            false
        })
        .user_lookup_loader(|_| async {
            ASKED.fetch_add(100, Ordering::SeqCst);
            Some(())
        })
        .token_verification_loader(|_| {
            ASKED.fetch_add(10_000, Ordering::SeqCst);
            true
        })
        .build()
        .unwrap();
    let app = TestApp::start(&jwt, routes);
    assert_eq!(app.get_with("/a/b/c", &good()).text(), "ada");
    assert_eq!(ASKED.load(Ordering::SeqCst), 10_101);
}

#[test]
fn verify_jwt_in_request_serves_a_middleware_of_ones_own() {
    fn routes(config: &mut web::ServiceConfig) {
        config.service(
            web::scope("/own")
                .wrap(from_fn(async |request, next: actix_web::middleware::Next<_>| {
                    let request: actix_web::dev::ServiceRequest = request;
                    let verdict = verify_jwt_in_request(request.request(), &jwt_required().fresh()).await;
                    match verdict {
                        Ok(_) => next.call(request).await.map(|response| response.map_into_boxed_body()),
                        Err(error) => Ok(request.into_response(HttpResponse::from_error(error))),
                    }
                }))
                .route("", web::get().to(name)),
        );
    }
    let app = TestApp::start(&manager(config()), routes);
    assert_eq!(app.get_with("/own", &with(json!({ "fresh": true }))).text(), "ada");
    app.get_with("/own", &good()).is(401, "Fresh token required");
    app.get("/own", &[]).is(401, "Missing Authorization Header");
}

#[actix_web::test]
async fn verify_jwt_in_request_says_what_it_found() {
    let jwt = manager(config());
    let request = |token: Option<String>, method| {
        let request = actix_web::test::TestRequest::default().method(method).app_data(jwt.clone());
        match token {
            Some(token) => request.insert_header(("Authorization", format!("Bearer {token}"))),
            None => request,
        }
        .to_http_request()
    };
    use actix_web::http::Method;
    let found = verify_jwt_in_request(&request(Some(good()), Method::GET), &jwt_required()).await.unwrap().unwrap();
    assert_eq!((found.identity().into_owned(), found.location()), ("ada".to_owned(), Location::Headers));
    let nobody = verify_jwt_in_request(&request(None, Method::GET), &jwt_required().optional()).await.unwrap();
    assert!(nobody.is_none());
    let asked = verify_jwt_in_request(&request(None, Method::OPTIONS), &jwt_required()).await.unwrap_err();
    assert!(asked.error().is_missing_token() && asked.status_code() == 204);
    assert_eq!(
        (asked.error_response().status(), asked.error_response().status()),
        (asked.status_code(), asked.status_code())
    );
    let refused = verify_jwt_in_request(&request(None, Method::GET), &jwt_required()).await.unwrap_err();
    assert!(matches!(refused.error(), JwtError::MissingToken(_)) && refused.error().is_missing_token());
}

#[test]
fn a_forgotten_manager_is_a_500_that_tells_clients_nothing() {
    let app = TestApp::serve(|| {
        let server = HttpServer::new(|| App::new().configure(routes).route("/bare", web::get().to(name)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        (server.addrs()[0], server.run())
    });
    for path in ["/macro", "/bare", "/scope/a"] {
        app.get_with(path, &good()).is(500, "Internal Server Error");
    }
}

#[test]
fn web_data_holds_a_manager_just_as_well() {
    let jwt = manager(config());
    let app = TestApp::serve(move || {
        let server = HttpServer::new(move || App::new().app_data(web::Data::new(jwt.clone())).configure(routes))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        (server.addrs()[0], server.run())
    });
    assert_eq!(app.get_with("/scope/a", &good()).text(), "ada");
}

#[test]
fn two_forms_of_manager_are_refused_whichever_is_nearer() {
    let (outer, inner) = (manager(config()), manager(config()));
    let app = TestApp::serve(move || {
        let server = HttpServer::new(move || {
            let nearer = web::Data::new(inner.clone());
            let data = web::scope("/data").app_data(nearer).configure(routes).route("/bare", web::get().to(name));
            // Judged outside, where there is one form only.
            let within = web::scope("/within").wrap(jwt_required()).service(
                web::scope("/data").app_data(web::Data::new(inner.clone())).route("/bare", web::get().to(name)),
            );
            App::new().app_data(outer.clone()).service(data).service(within)
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        (server.addrs()[0], server.run())
    });
    for path in ["/data/macro", "/data/bare", "/within/data/bare"] {
        app.get_with(path, &good()).is(500, "Internal Server Error");
    }
}

#[test]
fn time_passes() {
    let clock = actix_jwt_extended::test_util::ManualClock::at(NOW as u64);
    let jwt = actix_jwt_extended::JwtManager::builder(config()).clock(clock.clone()).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(app.get_with("/macro", &token).status, 200);
    clock.advance(std::time::Duration::from_secs(899));
    assert_eq!(app.get_with("/macro", &token).status, 200);
    clock.advance(std::time::Duration::from_secs(1));
    app.get_with("/macro", &token).is(401, "Token has expired");
}

#[test]
fn many_at_once() {
    let app = Arc::new(TestApp::start(&manager(config()), routes));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let app = Arc::clone(&app);
            std::thread::spawn(move || {
                for round in 0..25 {
                    let subject = format!("user {n} {round}");
                    let answer = app.get_with("/scope/a", &with(json!({ "sub": subject })));
                    assert_eq!(answer.text(), subject);
                    assert_eq!(app.get_with("/scope/a", "x.y.z").status, 422);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// What an optional wrap demands binds the token that the handler gets.
#[test]
fn an_optional_demand_is_not_gone_round_by_an_extractor() {
    use actix_jwt_extended::Optional;
    async fn maybe(user: Optional<Jwt>) -> String {
        user.as_ref().map_or("nobody".to_owned(), |jwt| format!("{} {}", jwt.identity(), jwt.token_type()))
    }
    fn routes(config: &mut web::ServiceConfig) {
        let demand = || jwt_required().optional().locations([Location::Cookies]).any_role(["admin"]);
        let refresh = || jwt_required().optional().refresh().any_role(["admin"]);
        config
            .service(web::resource("/maybe").wrap(demand()).route(web::get().to(maybe)))
            .service(web::resource("/name").wrap(demand()).route(web::get().to(name)))
            .service(web::resource("/refresh").wrap(refresh()).route(web::get().to(maybe)))
            .service(
                web::scope("/outer")
                    .wrap(jwt_required())
                    .service(web::resource("/maybe").wrap(demand()).route(web::get().to(maybe))),
            )
            .service(web::scope("/function").wrap(jwt_required()).route(
                "",
                web::get().to(async |request: HttpRequest| {
                    let demand = jwt_required().optional().locations([Location::Cookies]).any_role(["admin"]);
                    let jwt = verify_jwt_in_request(&request, &demand).await?;
                    Ok::<_, actix_jwt_extended::JwtRejection>(
                        jwt.map_or("nobody".to_owned(), |jwt| jwt.identity().into()),
                    )
                }),
            ));
    }
    let app = TestApp::start(&manager(config()), routes);
    for path in ["/maybe", "/outer/maybe", "/function"] {
        assert_eq!(app.get_with(path, &good()).text(), "nobody", "{path}");
    }
    app.get_with("/name", &good()).is(401, "Missing cookie \"access_token_cookie\"");
    let cookies = TestApp::start(&manager(config().token_location([Location::Cookies])), routes);
    let access = format!("access_token_cookie={}", good());
    assert_eq!(cookies.get("/refresh", &[("Cookie", &access)]).text(), "nobody");
    cookies.get("/maybe", &[("Cookie", &access)]).is(403, "Insufficient scope");
}

#[test]
fn extractors_without_a_wrap_verify_and_ask_once() {
    use actix_jwt_extended::CurrentUser;
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    fn routes(config: &mut web::ServiceConfig) {
        config.route(
            "/",
            web::get()
                .to(async |a: JwtIdentity, b: Jwt, c: CurrentUser<String>| format!("{a} {} {}", b.identity(), *c)),
        );
    }
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = builder(config())
        .decode_key_loader(move |_, _| {
            COUNT.fetch_add(1, Ordering::SeqCst);
            Some(key.clone())
        })
        .token_in_blocklist_loader(|_| async {
            COUNT.fetch_add(100, Ordering::SeqCst);
            actix_web::rt::task::yield_now().await;
            false
        })
        .user_lookup_loader(|_| async {
            COUNT.fetch_add(10_000, Ordering::SeqCst);
            Some("Ada".to_owned())
        })
        .build()
        .unwrap();
    let app = TestApp::start(&jwt, routes);
    assert_eq!(app.get_with("/", &good()).text(), "ada ada Ada");
    assert_eq!(COUNT.load(Ordering::SeqCst), 10_101);
}

#[test]
fn an_extractor_that_fails_by_form_leaves_the_verdict_to_the_next() {
    fn routes(config: &mut web::ServiceConfig) {
        config.service(
            web::resource("/").wrap(jwt_required().refresh()).route(web::get().to(
                async |number: Option<JwtIdentity<u64>>, user: JwtIdentity| format!("{} {user}", number.is_some()),
            )),
        );
    }
    let app = TestApp::start(&manager(config()), routes);
    assert_eq!(app.get_with("/", &with(json!({ "type": "refresh" }))).text(), "false ada");
}
