//! The number of routes: all in one wrapped scope, or each with a wrap of its own. The last one is asked.

use super::apps::{self, Cache};
use super::section::{Point, Section};
use super::tokens;
use crate::in_process::Subject;
use crate::peers::{open_handler, protected_handler};
use actix_jwt_extended::jwt_required;
use actix_web::web::{self, ServiceConfig};

pub fn section() -> Section {
    Section {
        heading: "Routes",
        quantity: "routes",
        file: "scaling-routes.svg",
        open: &["unprotected, in a scope", "unprotected, without one"],
        series: &[("one wrapped scope", 0), ("each wrapped", 1)],
        points: [1, 10, 100].map(point).into(),
    }
}

fn point(routes: usize) -> Point {
    let tokens = &[tokens::of_size(340)];
    let open = |service: &mut ServiceConfig| {
        for path in paths(routes) {
            service.service(web::resource(path).route(web::get().to(open_handler)));
        }
    };
    let open_in_scope = |service: &mut ServiceConfig| {
        service.service(web::scope("").configure(open));
    };
    let in_wrapped_scope = |service: &mut ServiceConfig| {
        let protected = |service: &mut ServiceConfig| {
            for path in paths(routes) {
                service.service(web::resource(path).route(web::get().to(protected_handler)));
            }
        };
        service.app_data(apps::manager(Cache::Usual));
        service.service(web::scope("").wrap(jwt_required()).configure(protected));
    };
    let each_wrapped = |service: &mut ServiceConfig| {
        service.app_data(apps::manager(Cache::Usual));
        for path in paths(routes) {
            let route = web::get().to(protected_handler);
            service.service(web::resource(path).wrap(jwt_required()).route(route));
        }
    };
    Point {
        value: routes,
        open: vec![Subject::actix(open_in_scope, tokens), Subject::actix(open, tokens)],
        protected: vec![Some(Subject::actix(in_wrapped_scope, tokens)), Some(Subject::actix(each_wrapped, tokens))],
    }
}

fn paths(routes: usize) -> impl Iterator<Item = String> {
    (1..routes).map(|at| format!("/protected-{at:03}")).chain(["/protected".to_owned()])
}
