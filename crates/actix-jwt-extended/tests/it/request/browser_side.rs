//! Refusals are responses inside the middleware: what is wrapped outside still does its work.

use crate::app::{TestApp, config, manager};
use crate::forge::good;
use crate::logged;
use actix_cors::Cors;
use actix_jwt_extended::{JwtIdentity, jwt_required};
use actix_web::middleware::{Compress, Logger};
use actix_web::{App, HttpServer, web};

fn start() -> TestApp {
    logged::keep();
    let jwt = manager(config().error_message_key("a key long enough to be worth compressing ".repeat(20)));
    TestApp::serve(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(jwt.clone())
                .wrap(Compress::default())
                .wrap(
                    Cors::default()
                        .allowed_origin("http://app.example")
                        .allowed_methods(["GET"])
                        .allowed_header("authorization")
                        .expose_headers(["www-authenticate"]),
                )
                .wrap(Logger::new("%s %U").log_target("access"))
                .service(
                    web::scope("/wrapped")
                        .wrap(jwt_required())
                        .route("", web::get().to(async |user: JwtIdentity| user.into_inner())),
                )
                .route("/bare", web::get().to(async |user: JwtIdentity| user.into_inner()))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    })
}

#[test]
fn a_browser_on_another_origin_can_read_the_401() {
    let app = start();
    let origin = ("Origin", "http://app.example");
    for path in ["/wrapped", "/bare"] {
        let refused = app.get(path, &[origin]);
        assert_eq!(refused.status, 401);
        assert_eq!(refused.header("access-control-allow-origin"), Some("http://app.example"));
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert!(refused.text().contains("Missing Authorization Header"));

        let invalid = app.get(path, &[origin, ("Authorization", "Bearer x")]);
        assert_eq!((invalid.status, invalid.header("access-control-allow-origin")), (422, Some("http://app.example")));

        let compressed = app.get(path, &[origin, ("Accept-Encoding", "gzip")]);
        assert_eq!((compressed.status, compressed.header("content-encoding")), (401, Some("gzip")));
        assert_eq!(compressed.body[..2], [0x1f, 0x8b]);

        let preflight =
            [origin, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")];
        assert_eq!(app.request("OPTIONS", path, &preflight).status, 200);

        let fine = app.get(path, &[origin, ("Authorization", &format!("Bearer {}", good()))]);
        assert_eq!((fine.text(), fine.header("access-control-allow-origin")), ("ada", Some("http://app.example")));
        let lines = logged::lines("access");
        for status in ["401", "422", "200"] {
            assert!(lines.contains(&format!("{status} {path}")), "{lines:?}");
        }
    }
}
