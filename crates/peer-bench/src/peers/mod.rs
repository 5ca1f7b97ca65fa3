//! Everything that is measured. One file for each peer, all of one shape: how its application is built.

mod actix_jwt;
mod auth_middleware;
mod external;
mod hand_written;
mod httpauth;
mod jwt_authorizer;
mod jwt_session;
mod ours;
mod plain;

use crate::token::Fixture;
use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use axum::Router;
pub use external::{External, Workshop, version as external_version};
use jsonwebtoken::Algorithm;
pub use ours::protected as protected_handler;
pub use plain::actix as open_handler;

/// One row of the tables.
pub struct Peer {
    /// For the command line and the tables.
    pub name: &'static str,
    /// What else is between the request and the handler: crates (their versions are in Cargo.lock), or packages.
    pub made_of: &'static [&'static str],
    /// How its documentation sets it up for this route, in a sentence for the page.
    pub set_up: &'static str,
    /// The row without protection that this one is compared with. None: it is such a row.
    pub base: Option<&'static str>,
    pub algorithms: &'static [Algorithm],
    pub credentials: Credentials,
    pub app: App,
}

/// Where a peer looks for the token.
#[derive(Clone, Copy)]
pub enum Credentials {
    /// `Authorization: Bearer …`
    Bearer,
    /// The token alone, in the header of this name.
    Header(&'static str),
}

/// How a peer's application, `GET /protected`, is built.
pub enum App {
    Actix(fn(&mut ServiceConfig, &Fixture)),
    Axum(fn(&Fixture) -> Router),
    /// In another language: measured over HTTP only.
    External(External),
}

pub const PEERS: [Peer; 15] = [
    plain::ACTIX,
    ours::OURS,
    ours::OURS_VERIFYING,
    hand_written::PEER,
    httpauth::PEER,
    actix_jwt::PEER,
    auth_middleware::PEER,
    jwt_session::PEER,
    plain::AXUM,
    jwt_authorizer::PEER,
    external::FLASK,
    external::FLASK_JWT_EXTENDED,
    external::FASTIFY,
    external::FASTIFY_JWT,
    external::FASTIFY_JWT_CACHE,
];

impl Peer {
    pub fn named(name: &str) -> Option<&'static Peer> {
        static ALL: [Peer; PEERS.len()] = PEERS;
        ALL.iter().find(|peer| peer.name == name)
    }

    pub fn supports(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

impl Credentials {
    /// The header's name and value.
    pub fn header(self, token: &str) -> (&'static str, String) {
        match self {
            Self::Bearer => ("authorization", format!("Bearer {token}")),
            Self::Header(name) => (name, token.to_owned()),
        }
    }
}

/// The answer of every handler.
#[derive(serde::Serialize)]
pub struct LoggedIn<'a> {
    logged_in_as: &'a str,
}

pub fn logged_in(subject: &str) -> LoggedIn<'_> {
    LoggedIn { logged_in_as: subject }
}

/// The same for all actix peers.
fn answer(subject: &str) -> HttpResponse {
    HttpResponse::Ok().json(logged_in(subject))
}
