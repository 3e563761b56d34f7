#!/usr/bin/env bash
# curl 7.88.1 with nghttp2 1.52.0 (Debian 12, curl 7.88.1-10+deb12u15, libnghttp2-14 1.52.0-1+deb12u3): an HTTP/2 answer that comes before the upload has ended.
#
# A server that needs no more of a request may answer in full and then reset the stream with NO_ERROR, and clients must not
# discard answers as a result of such a reset (RFC 9113, section 8.1). One would expect curl to give the answer, 401 here, and to
# end well, as it does over HTTP/1.1. It ends with status 92 ("Stream error in the HTTP/2 framing layer") and gives nothing, if
# the answer and the reset reach it together. Without the reset it gives the answer.
#
# Seen (with h2 4.1.0 from PyPI as the server):
#   reset after the answer: status 92, output ''
#   no reset: status 0, output 'no entry' 401
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"; kill "${server:-}" 2>/dev/null || true' EXIT
cd "$place"
apt-get -o APT::Sandbox::User=root download -q curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 \
  libnghttp2-14=1.52.0-1+deb12u3 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
python3 -m venv venv
venv/bin/pip install -q h2==4.1.0 hpack==4.0.0 hyperframe==6.0.1
cat >server.py <<'PROGRAM'
"""Answers each request as soon as its head is there; resets it after the answer if the path says so."""
import socket
import h2.connection
import h2.config
import h2.events

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    client.sendall(connection.data_to_send())
    while data := client.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                reset = (b":path", b"/reset") in [(bytes(n, "ascii") if isinstance(n, str) else n,
                                                    bytes(v, "ascii") if isinstance(v, str) else v) for n, v in event.headers]
                connection.send_headers(event.stream_id, [(":status", "401"), ("content-length", "8")])
                connection.send_data(event.stream_id, b"no entry", end_stream=True)
                if reset:
                    connection.reset_stream(event.stream_id, 0)
            elif isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                try:
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                except Exception:
                    pass
        client.sendall(connection.data_to_send())
    client.close()
PROGRAM
venv/bin/python server.py >port 2>/dev/null &
server=$!
until [ -s port ]; do sleep 0.1; done
head -c 3000000 /dev/zero >body
# Prints how curl ended and what it gave.
ask() {
  local status=0 output
  output=$(LD_LIBRARY_PATH=root/usr/lib/$(uname -m)-linux-gnu root/usr/bin/curl -sS --http2-prior-knowledge --max-time 20 --data-binary @body -w ' %{http_code}' "http://127.0.0.1:$(cat port)$1" 2>/dev/null) || status=$?
  [ "$status" = 0 ] && echo "$2: status 0, output '${output% *}' ${output##* }" || echo "$2: status $status, output '${output% *}'"
}
{
  ask /reset "reset after the answer"
  ask /plain "no reset"
} | tee seen
diff - seen <<'SEEN'
reset after the answer: status 92, output ''
no reset: status 0, output 'no entry' 401
SEEN
