//! The size of the token.

use super::apps::{self, Cache};
use super::section::{Point, Section};
use super::tokens;
use actix_jwt_extended::jwt_required;

pub fn section() -> Section {
    Section {
        heading: "Size of the token",
        quantity: "bytes of the token",
        file: "scaling-token-size.svg",
        open: &["unprotected"],
        series: &[("cached", 0), ("verified", 0), ("verified, one long claim", 0)],
        points: [200, 340, 1024, 2048, 4096, 8192].map(point).into(),
    }
}

fn point(size: usize) -> Point {
    let token = tokens::of_size(size);
    let one_claim = tokens::of_size_with_one_claim(size);
    let protected = |cache, token| Some(apps::protected(apps::manager(cache), jwt_required(), &[token]));
    Point {
        value: size,
        open: vec![apps::open(&[&token])],
        protected: vec![
            protected(Cache::Usual, &token),
            protected(Cache::Off, &token),
            protected(Cache::Off, &one_claim),
        ],
    }
}
