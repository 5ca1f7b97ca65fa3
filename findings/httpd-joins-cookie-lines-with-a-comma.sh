#!/usr/bin/env bash
# Guess: a proxy passes two `Cookie` lines of an HTTP/1.1 request on as they are, or joins them with "; ", as HTTP/2 and HTTP/3
#   demand it of split cookies (RFC 9113 section 8.2.3).
# What happens: Apache httpd joins them with ", " as if `Cookie` were a list. The second line's first cookie disappears in the
#   value of the first line's last cookie, and every cookie parser that splits at ";" loses it. nginx and HAProxy
#   pass two lines on. Clients that send two lines exist: HTTP libraries whose headers are a multi-map.
# Version: Apache httpd 2.4.71 (Debian 12), beside nginx 1.22.1 and HAProxy 2.6.12.
# Source: RFC 6265 section 5.4 (a user agent sends one line), RFC 9110 section 5.3 (only lists are joined by commas).
# Exits 1 if that changes. Needs Debian 12, python3 and network access; installs nothing outside of its folder.
set -euo pipefail
folder=$(mktemp -d)
children=()
trap 'kill "${children[@]}" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
# apt fetches as another user.
chmod 777 .

for package in apache2-bin=2.4.71-1~deb12u1 nginx=1.22.1-9+deb12u11 haproxy=2.6.12-1+deb12u4; do
    apt-get download -qq "$package" > /dev/null
done
for file in ./*.deb; do dpkg -x "$file" root; done

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
application=$(port) httpd=$(port) nginx=$(port) haproxy=$(port)

cat > application.py << 'PYTHON'
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = " | ".join(self.headers.get_all("Cookie") or []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
python3 application.py "$application" &
children+=($!)

cat > httpd.conf << CONF
ServerRoot $folder
ServerName localhost
PidFile $folder/pid
ErrorLog $folder/error.log
Listen 127.0.0.1:$httpd
LoadModule mpm_event_module $folder/root/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module $folder/root/usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module $folder/root/usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module $folder/root/usr/lib/apache2/modules/mod_proxy_http.so
ProxyPass "/" "http://127.0.0.1:$application/"
CONF
cat > nginx.conf << CONF
pid $folder/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d;
    scgi_temp_path $folder/e;
    server { listen 127.0.0.1:$nginx; location / { proxy_pass http://127.0.0.1:$application; } }
}
CONF
cat > haproxy.cfg << CONF
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen all
    bind 127.0.0.1:$haproxy
    server one 127.0.0.1:$application
CONF
root/usr/sbin/apache2 -v | head -1
root/usr/sbin/nginx -v
root/usr/sbin/haproxy -v | head -1
root/usr/sbin/apache2 -DFOREGROUND -f "$folder/httpd.conf" &
children+=($!)
root/usr/sbin/nginx -e stderr -c "$folder/nginx.conf" -g 'daemon off;' &
children+=($!)
root/usr/sbin/haproxy -db -f haproxy.cfg 2> /dev/null &
children+=($!)

# The Cookie lines that the application gets, with " | " between lines.
cookies() {
    python3 - "$1" << 'PYTHON'
import http.client, sys, time

for _ in range(100):
    try:
        client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
        client.putrequest("GET", "/")
        client.putheader("Cookie", "a=1; b=2")
        client.putheader("Cookie", "c=3; d=4")
        client.endheaders()
        answer = client.getresponse()
        if answer.status == 200:
            print(answer.read().decode())
            break
    except OSError:
        pass
    time.sleep(0.1)
PYTHON
}
seen="directly: $(cookies "$application")
httpd: $(cookies "$httpd")
nginx: $(cookies "$nginx")
HAProxy: $(cookies "$haproxy")"
echo "$seen"
[[ $seen == "directly: a=1; b=2 | c=3; d=4
httpd: a=1; b=2, c=3; d=4
nginx: a=1; b=2 | c=3; d=4
HAProxy: a=1; b=2 | c=3; d=4" ]] || { echo "that has changed"; exit 1; }
