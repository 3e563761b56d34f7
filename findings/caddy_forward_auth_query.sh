#!/usr/bin/env bash
# Software: Caddy 2.6.2 (Debian 12, package caddy 2.6.2-5).
# Expected: `forward_auth` with `uri /auth` asks the authority for /auth; the client's own path and query are in
#           X-Forwarded-Uri, which is what that field is there for.
# Seen:     the client's query is added to the URI that was configured: a client that asks for /page?user=admin makes Caddy
#           ask for /auth?user=admin. With a trailing question mark, `uri /auth?`, it is left out. An authority that takes
#           parameters from its query has them written by the client.
# Output:   uri /auth  -> GET /auth?user=admin  X-Forwarded-Uri: /page?user=admin
#           uri /auth? -> GET /auth  X-Forwarded-Uri: /page?user=admin
set -euo pipefail

folder=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"
apt-get download -q caddy=2.6.2-5 >/dev/null
dpkg -x caddy_*.deb caddy

# An authority that admits everybody and writes down what it was asked.
cat >authority.py <<'PYTHON'
import http.server, sys
class Authority(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as out:
            out.write(f"GET {self.path}  X-Forwarded-Uri: {self.headers['X-Forwarded-Uri']}\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
open("authority.port", "w").write(str(server.server_port))
server.serve_forever()
PYTHON
python3 authority.py &
pids+=($!)
until [ -s authority.port ]; do sleep 0.1; done
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

asked_with() { # URI: what the authority is asked for
  local port
  port=$(free_port)
  cat >Caddyfile <<CADDY
{
  admin off
}
http://127.0.0.1:$port {
  forward_auth 127.0.0.1:$(cat authority.port) {
    uri $1
  }
  respond "admitted"
}
CADDY
  : >asked
  HOME=$folder caddy/usr/bin/caddy run --config Caddyfile --adapter caddyfile >caddy.log 2>&1 &
  pids+=($!)
  curl -s -o /dev/null --retry 50 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/page?user=admin"
  kill "${pids[-1]}"
  cat asked
}

bare=$(asked_with /auth)
marked=$(asked_with '/auth?')
echo "uri /auth  -> $bare"
echo "uri /auth? -> $marked"
[ "$bare" = "GET /auth?user=admin  X-Forwarded-Uri: /page?user=admin" ]
[ "$marked" = "GET /auth  X-Forwarded-Uri: /page?user=admin" ]
