//! Several managers in one application: each judges for itself, wherever it comes from.

use crate::app::{NOW, TestApp, config, manager};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{
    JwtConfig, JwtIdentity, JwtManager, Location, Optional, jwt_required, refresh_expiring_cookies,
};
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, web};
use std::rc::Rc;
use std::time::Duration;

async fn name(user: JwtIdentity) -> String {
    user.into_inner()
}

fn staff_config() -> JwtConfig {
    JwtConfig::new().secret_key("the secret of the staff's realm, 0123456789")
}

fn serve(config: fn(JwtConfig) -> JwtConfig) -> (JwtManager, JwtManager, ManualClock, TestApp) {
    let clock = ManualClock::at(NOW as u64);
    let users = JwtManager::builder(config(crate::app::config())).clock(clock.clone()).build().unwrap();
    let staff = JwtManager::builder(config(staff_config())).clock(clock.clone()).build().unwrap();
    let managers = (users.clone(), staff.clone());
    let app = TestApp::serve(move || {
        let server = HttpServer::new(move || {
            let staff = managers.1.clone();
            App::new()
                .app_data(managers.0.clone())
                .wrap(jwt_required().optional())
                .wrap(refresh_expiring_cookies())
                .service(
                    web::scope("/staff")
                        .app_data(staff)
                        .service(web::resource("/wrapped").wrap(jwt_required()).route(web::get().to(name)))
                        .route("/bare", web::get().to(name))
                        .route(
                            "/optional",
                            web::get().to(async |user: Optional<JwtIdentity>| {
                                user.as_ref().map_or("nobody".to_owned(), |user| user.to_string())
                            }),
                        )
                        .route("/public", web::get().to(async || "public")),
                )
                .route("/user", web::get().to(name))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    });
    (users, staff, clock, app)
}

#[test]
fn a_token_of_one_realm_opens_nothing_in_another() {
    let (users, staff, _, app) = serve(|config| config);
    let (user, member) = (users.create_access_token("mallory").unwrap(), staff.create_access_token("grace").unwrap());
    assert_eq!(app.get_with("/user", &user).text(), "mallory");
    for path in ["/staff/wrapped", "/staff/bare", "/staff/optional"] {
        app.get_with(path, &user).is(422, "Signature verification failed");
    }
    // The outer wrap refuses what is not its own; without a token it lets pass.
    app.get_with("/staff/wrapped", &member).is(422, "Signature verification failed");
    assert_eq!(app.get("/staff/optional", &[]).text(), "nobody");
    app.get("/staff/bare", &[]).is(401, "Missing Authorization Header");
}

#[test]
fn a_cookie_is_renewed_by_the_realm_that_judged_it() {
    let (users, _, clock, app) = serve(|config| config.token_location([Location::Cookies]));
    let cookie = format!("access_token_cookie={}", users.create_access_token("mallory").unwrap());
    clock.advance(Duration::from_secs(600));
    let answer = app.get("/staff/public", &[("Cookie", &cookie)]);
    assert_eq!((answer.status, answer.header("set-cookie")), (200, None));
    let answer = app.get("/user", &[("Cookie", &cookie)]);
    let renewed = answer.header("set-cookie").unwrap().split(['=', ';']).nth(1).unwrap();
    assert_eq!(users.decode_token(renewed).unwrap().identity(), "mallory");
}

/// Gives the request the manager of the tenant that a header of it names.
async fn of_tenant<B: MessageBody>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let mut container = Extensions::new();
    match request.headers().get("tenant").and_then(|tenant| tenant.to_str().ok()) {
        Some("acme") => container.insert(tenant("acme")),
        Some("ajax") => container.insert(tenant("ajax")),
        // The other form of a manager, which may not be mixed with the first.
        Some("mixed") => container.insert(web::Data::new(tenant("acme"))).and(None),
        _ => None,
    };
    request.add_data_container(Rc::new(container));
    next.call(request).await
}

fn tenant(name: &str) -> JwtManager {
    thread_local! {
        static TENANTS: [JwtManager; 2] = ["acme", "ajax"]
            .map(|name| manager(JwtConfig::new().secret_key(format!("{name}'s own secret, 0123456789 0123456789"))));
    }
    TENANTS.with(|[acme, ajax]| if name == "acme" { acme.clone() } else { ajax.clone() })
}

/// Whoever comes first through a wrap does not decide for those who come after.
#[test]
fn one_wrap_serves_the_manager_that_each_request_brings() {
    let shared = manager(config());
    let own = shared.clone();
    let app = TestApp::serve(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .service(web::resource("/").wrap(jwt_required()).route(web::get().to(async || "in")))
                .service(web::resource("/name").wrap(jwt_required()).route(web::get().to(name)))
                .service(
                    web::scope("/outer")
                        .wrap(jwt_required().optional())
                        .service(web::resource("").wrap(jwt_required()).route(web::get().to(name))),
                )
                .wrap(from_fn(of_tenant))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    });
    let get = |path: &str, tenant: &str, token: &str| {
        app.get(path, &[("Tenant", tenant), ("Authorization", &format!("Bearer {token}"))])
    };
    let tokens = [("acme", tenant("acme")), ("ajax", tenant("ajax")), ("none", own)]
        .map(|(name, manager)| (name, manager.create_access_token(format!("ada@{name}")).unwrap()));
    // Twice: the second time each token is known, and still to its own manager alone.
    for _ in 0..2 {
        for (tenant, own) in &tokens {
            for (of, token) in &tokens {
                let (answer, named, nested) =
                    (get("/", tenant, token), get("/name", tenant, token), get("/outer", tenant, token));
                if own == token {
                    assert_eq!((answer.text(), named.text()), ("in", format!("ada@{of}").as_str()));
                    assert_eq!(nested.text(), named.text());
                } else {
                    for answer in [answer, named, nested] {
                        answer.is(422, "Signature verification failed");
                    }
                }
            }
        }
        // Neither manager is taken for the other's.
        for (_, token) in &tokens {
            for path in ["/", "/name", "/outer"] {
                get(path, "mixed", token).is(500, "Internal Server Error");
            }
        }
    }
}
