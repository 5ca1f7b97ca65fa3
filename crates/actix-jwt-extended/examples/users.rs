//! Automatic user loading, from a real database: SQLite, here in memory.
//!
//! `cargo run --example users`, and in another terminal:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' --json '{"username": "nobody"}' http://127.0.0.1:8080/login
//! {"msg":"Bad username or password"} 401
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/me
//! {"full_name":"Ada Lovelace","id":1,"username":"ada"} 200
//! ```
//!
//! A user who is gone has no access, whatever tokens are left:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -X DELETE -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/me
//! deleted 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/me
//! {"msg":"Error loading the user 1"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{CurrentUser, JwtConfig, JwtManager, jwt_required};
use actix_web::error::ErrorInternalServerError;
use actix_web::{App, HttpResponse, HttpServer, Responder, delete, get, post, web};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::json;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex};

struct User {
    id: i64,
    username: String,
    full_name: String,
}

impl User {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get("id")?, username: row.get("username")?, full_name: row.get("full_name")? })
    }
}

#[derive(Clone)]
struct Database(Arc<Mutex<Connection>>);

type AnyError = Box<dyn Error + Send + Sync>;

impl Database {
    fn open() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL);
             INSERT INTO users (username, full_name) VALUES ('ada', 'Ada Lovelace'), ('grace', 'Grace Hopper');",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// SQLite blocks, so it runs on a thread that is made for that; the worker serves others meanwhile.
    async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, AnyError> {
        let connection = Arc::clone(&self.0);
        web::block(move || {
            let connection = connection.lock().map_err(|_| "another query has panicked")?;
            Ok(query(&connection)?)
        })
        .await?
    }

    async fn user(&self, id: i64) -> Result<Option<User>, AnyError> {
        self.run(move |database| {
            database.query_row("SELECT * FROM users WHERE id = ?", [id], User::from_row).optional()
        })
        .await
    }

    async fn user_named(&self, username: String) -> Result<Option<User>, AnyError> {
        self.run(move |database| {
            database.query_row("SELECT * FROM users WHERE username = ?", [username], User::from_row).optional()
        })
        .await
    }

    async fn delete(&self, id: i64) -> Result<usize, AnyError> {
        self.run(move |database| database.execute("DELETE FROM users WHERE id = ?", params![id])).await
    }
}

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(
    jwt: JwtManager,
    database: web::Data<Database>,
    form: web::Json<Login>,
) -> actix_web::Result<HttpResponse> {
    // … and check the password …
    let user = database.user_named(form.into_inner().username).await.map_err(ErrorInternalServerError)?;
    Ok(match user {
        Some(user) => HttpResponse::Ok()
            .insert_header(("Cache-Control", "no-store"))
            .json(json!({ "access_token": jwt.create_access_token_for(&user)? })),
        None => HttpResponse::Unauthorized().json(json!({ "msg": "Bad username or password" })),
    })
}

#[get("/me", wrap = "jwt_required()")]
async fn me(user: CurrentUser<User>) -> impl Responder {
    web::Json(json!({ "id": user.id, "username": user.username, "full_name": user.full_name }))
}

#[delete("/me", wrap = "jwt_required()")]
async fn leave(user: CurrentUser<User>, database: web::Data<Database>) -> actix_web::Result<&'static str> {
    database.delete(user.id).await.map_err(ErrorInternalServerError)?;
    Ok("deleted")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open()?;
    let asked = database.clone();
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .user_identity_loader(|user: &User| user.id.to_string())
        .user_lookup_loader(move |token| {
            let database = asked.clone();
            async move {
                match token.identity().parse() {
                    Ok(id) => database.user(id).await,
                    Err(_) => Ok(None),
                }
            }
        })
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(jwt.clone())
            .app_data(web::Data::new(database.clone()))
            .service(login)
            .service(me)
            .service(leave)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
