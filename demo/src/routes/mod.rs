//! The routes, one file each.

mod login;
mod protected;

use actix_web::web::ServiceConfig;

pub fn configure(app: &mut ServiceConfig) {
    app.service(login::login).service(protected::protected);
}
