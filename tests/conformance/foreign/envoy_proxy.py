"""A real Envoy on loopback ports that the kernel chooses, and an application behind it."""

import http.client
import http.server
import json
import subprocess
import threading
import time

PATIENCE_S = 20


def eventually(holds, message):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, message() if callable(message) else message
        time.sleep(0.02)


class Application:
    """Answers 200 with the header fields that the request names in `x-answer`, as JSON."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fields = json.loads(self.headers.get("x-answer", "{}"))
                self.send_response(200)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def cluster(name, port, http2=False):
    made = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "0.25s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    }
    if http2:
        made["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return made


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(name, filters, routes):
    """One that gives what passes `filters` to the application."""
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "use_remote_address": True,
        "http_filters": [*filters, router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": name, "address": address(0), "filter_chains": [chain]}


class Envoy:
    def __init__(self, program, folder, listeners, clusters):
        config = {
            "admin": {"address": address(0)},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        }
        file = folder / "envoy.json"
        file.write_text(json.dumps(config))
        admin = folder / "admin"
        self.log = folder / "envoy.log"
        self.process = subprocess.Popen(
            [program, "-c", str(file), "--concurrency", "1", "--use-dynamic-base-id", "--admin-address-path", str(admin),
             "--log-path", str(self.log), "--disable-hot-restart"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: admin.exists() and admin.read_text(), self.last_words)
        self.admin = int(admin.read_text().rpartition(":")[2])
        eventually(lambda: self.ask_admin("/ready") == "LIVE\n", self.last_words)
        statuses = json.loads(self.ask_admin("/listeners?format=json"))["listener_statuses"]
        self.ports = {one["name"]: one["local_address"]["socket_address"]["port_value"] for one in statuses}

    def last_words(self):
        return "Envoy did not start: " + (self.log.read_text()[-4000:] if self.log.exists() else "no log")

    def ask_admin(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def get(self, name, path, headers=None):
        """Asks a listener; gives the status, the fields in lower case, and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def close(self):
        self.process.terminate()
        self.process.wait()
