#!/usr/bin/env bash
# Redis 7.0.15 (Debian 12: redis-server and redis-tools); needs apt-get, openssl and python3.
#
# One would expect: a client that asks CLUSTER SLOTS over TLS is told the ports where the nodes speak TLS, since it can use
# no other; one that asks in plain is told the plain ones.
# What happens: with `tls-port` and `port` both open, a client over TLS is told the plain ports, until `tls-cluster yes` is
# set as well, which reads as a setting of the bus between the nodes. Without it a client over TLS connects to the plain
# port, says its ClientHello and hears nothing at all: Redis waits for the end of a line.
#
# Seen:
#   tls-cluster no: over plain: plain port, over TLS: plain port
#   tls-cluster yes: over plain: plain port, over TLS: TLS port
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download --quiet redis-server redis-tools > /dev/null
for package in *.deb; do dpkg -x "$package" unpacked; done
server=$folder/unpacked/usr/bin/redis-server
"$server" --version
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=node -keyout key.pem -out cert.pem 2> /dev/null

# told yes|no: which port CLUSTER SLOTS tells, asked in plain and over TLS.
told() {
  read -r plain tls bus < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(3)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))')
  "$server" --port "$plain" --tls-port "$tls" --tls-cluster "$1" --cluster-port "$bus" --cluster-enabled yes --save '' \
    --cluster-config-file "nodes-$1.conf" --tls-cert-file cert.pem --tls-key-file key.pem --tls-ca-cert-file cert.pem \
    --tls-auth-clients no --logfile "$folder/log" > /dev/null &
  pid=$!
  python3 - "$plain" "$tls" <<'PYTHON'
import socket, ssl, sys, time
plain, tls = int(sys.argv[1]), int(sys.argv[2])

def ask(port, line):
    for _ in range(200):
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            time.sleep(0.05)
    if port == tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    connection.sendall(line + b"\r\n")
    time.sleep(0.3)
    return connection.recv(65536).decode()

ask(plain, b"CLUSTER ADDSLOTSRANGE 0 16383")
names = {plain: "plain port", tls: "TLS port"}
def port_in(slots):  # [[0, 16383, [host, PORT, id, ...]]]: the third number
    return names[int([line for line in slots.split("\r\n") if line.startswith(":")][2][1:])]
print(f"over plain: {port_in(ask(plain, b'CLUSTER SLOTS'))}, over TLS: {port_in(ask(tls, b'CLUSTER SLOTS'))}")
PYTHON
  kill "$pid"
  wait "$pid" || true
}

without=$(told no)
with=$(told yes)
printf 'tls-cluster no: %s\ntls-cluster yes: %s\n' "$without" "$with"
[ "$without" = 'over plain: plain port, over TLS: plain port' ]
[ "$with" = 'over plain: plain port, over TLS: TLS port' ]
