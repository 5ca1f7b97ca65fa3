#!/usr/bin/env bash
# Guess: `curl -X POST` without a body reaches an actix-web application behind nginx as it would directly, and is answered 200.
# What happens: nginx (before 1.29.7) speaks HTTP/1.0 to the application unless it is told otherwise, and adds no Content-Length to
#   a request that had no body. actix-http refuses each HTTP/1.0 POST without a Content-Length: 400 with an empty body, before any
#   middleware or handler, so that neither a log nor a CORS header shows it. With `proxy_http_version 1.1`, or with
#   `curl -d ''`, it is 200. GET and DELETE are let through.
# Version: actix-web 4.18.1, nginx 1.22.1 (Debian 12).
# Source: RFC 1945 section 7.2.2 (HTTP/1.0 wants a Content-Length on every POST);
#   https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version
# Exits 1 if that changes. Needs Debian 12, cargo, curl and network access; installs nothing outside of its folder.
set -euo pipefail
folder=$(mktemp -d)
children=()
trap 'kill "${children[@]}" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
# apt fetches as another user.
chmod 777 .

mkdir -p app/src
cat > app/Cargo.toml << 'TOML'
[package]
name = "app"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
actix-web = { version = "=4.18.1", default-features = false, features = ["macros"] }
TOML
cat > app/src/main.rs << 'RUST'
use actix_web::{App, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().default_service(web::to(async || "ok")))
        .workers(1)
        .bind(("127.0.0.1", 0))?;
    println!("{}", server.addrs()[0]);
    server.run().await
}
RUST
CARGO_TARGET_DIR=$folder/target cargo build -q --manifest-path app/Cargo.toml
target/debug/app > address &
children+=($!)

apt-get download -qq nginx=1.22.1-9+deb12u11 > /dev/null
dpkg -x nginx_*.deb nginx
until [[ -s address ]]; do sleep 0.1; done
application=$(< address)

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
plain=$(port) told=$(port)
cat > nginx.conf << CONF
pid $folder/pid;
events {}
http {
    access_log off;
    client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d;
    scgi_temp_path $folder/e;
    server { listen 127.0.0.1:$plain; location / { proxy_pass http://$application; } }
    server { listen 127.0.0.1:$told; location / { proxy_pass http://$application; proxy_http_version 1.1; } }
}
CONF
nginx/usr/sbin/nginx -v
nginx/usr/sbin/nginx -e stderr -c "$folder/nginx.conf" -g 'daemon off;' &
children+=($!)
until curl -so /dev/null "http://127.0.0.1:$plain/"; do sleep 0.1; done

status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
seen="POST directly $(status -X POST "http://$application/")
POST through nginx $(status -X POST "http://127.0.0.1:$plain/")
POST through nginx, with an empty body $(status -d '' "http://127.0.0.1:$plain/")
POST through nginx, by HTTP/1.1 $(status -X POST "http://127.0.0.1:$told/")
DELETE through nginx $(status -X DELETE "http://127.0.0.1:$plain/")"
echo "$seen"
[[ $seen == "POST directly 200
POST through nginx 400
POST through nginx, with an empty body 200
POST through nginx, by HTTP/1.1 200
DELETE through nginx 200" ]] || { echo "that has changed"; exit 1; }
