//! From settings to a server that listens.

use crate::configuration::{Address, Settings};
use crate::error::StartError;
use crate::managers::Managers;
use crate::routes::Page;
use crate::throttle::Throttle;
use crate::users::Users;
use crate::{cors, hangup, logging, routes, shutdown};
use actix_jwt_extended::jwt_errors;
use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use std::net::SocketAddr;

/// How long requests in flight may take after the demo was told to stop.
const SHUTDOWN_SECONDS: u64 = 10;

pub struct Application {
    server: Server,
    addresses: Vec<SocketAddr>,
    store: String,
}

impl Application {
    /// Everything that can fail at the start fails here. Needs actix's runtime around it.
    pub async fn build(settings: Settings) -> Result<Self, StartError> {
        let users = web::Data::new(Users::of_the_example().map_err(StartError::Hashing)?);
        let throttle = web::Data::new(Throttle::default());
        let store = settings.store.open(&settings.jwt).await?;
        let has_directory = settings.jwt.keys_directory().is_some();
        let managers = Managers::build(settings.jwt, &users, &store.shared)?;
        let page = Page::new(&settings.page).map_err(StartError::Page)?;
        let stop = shutdown::requested().map_err(StartError::Server)?;
        if has_directory {
            hangup::reloads(managers.jwt.clone()).map_err(StartError::Server)?;
        }
        let Address { host, port } = settings.address;
        let (cors_origin, sessions) = (settings.cors_origin, settings.sessions);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(managers.jwt.clone())
                .app_data(users.clone())
                .app_data(throttle.clone())
                .app_data(web::Data::new(sessions))
                .configure(|app| routes::configure(app, &managers, &page, &store.replica))
                .wrap(jwt_errors())
                .wrap(cors::allowing(cors_origin.as_ref()))
                .wrap(logging::requests())
        })
        // Of the signals that actix itself would listen to, Ctrl-C cuts requests off.
        .shutdown_signal(stop)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .bind((host.as_str(), port))
        .map_err(|source| StartError::Listen { host, port, source })?;
        let addresses = server.addrs();
        Ok(Self { server: server.run(), addresses, store: settings.store.shown() })
    }

    pub async fn run_until_stopped(self) -> Result<(), StartError> {
        log::info!("logins are kept in {}", self.store);
        for address in self.addresses {
            log::info!("listening on http://{address}");
        }
        self.server.await.map_err(StartError::Server)
    }
}
