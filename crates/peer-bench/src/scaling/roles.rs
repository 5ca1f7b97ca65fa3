//! The number of roles in the token. Where one is demanded, it is the last one.

use super::apps::{self, Cache};
use super::section::{Point, Section};
use super::tokens;
use actix_jwt_extended::jwt_required;

const SERIES: [(&str, usize); 4] = [
    ("none demanded, cached", 0),
    ("one demanded, cached", 0),
    ("none demanded, verified", 0),
    ("one demanded, verified", 0),
];

pub fn section() -> Section {
    Section {
        heading: "Roles in the token",
        quantity: "roles in the token",
        file: "scaling-roles.svg",
        open: &["unprotected"],
        series: &SERIES,
        points: [0, 10, 100, 500].map(point).into(),
    }
}

fn point(roles: usize) -> Point {
    let token = tokens::with_roles(roles);
    let none = |cache| Some(apps::protected(apps::manager(cache), jwt_required(), &[&token]));
    let one = |cache| {
        let last = tokens::role(roles.checked_sub(1)?);
        Some(apps::protected(apps::manager(cache), jwt_required().any_role([last]), &[&token]))
    };
    Point {
        value: roles,
        open: vec![apps::open(&[&token])],
        protected: vec![none(Cache::Usual), one(Cache::Usual), none(Cache::Off), one(Cache::Off)],
    }
}
