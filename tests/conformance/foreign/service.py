"""`rateguard serve` on loopback, for peers that need its ports."""

import http.client
import json
import re
import subprocess


class Service:
    def __init__(self, program, *arguments, http_port=0, grpc_port=0):
        command = [program, "serve", "--http", f"127.0.0.1:{http_port}", "--grpc", f"127.0.0.1:{grpc_port}", "--resp", "off",
                   *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http=127\.0\.0\.1:(\d+) grpc=127\.0\.0\.1:(\d+)", line)
        assert found, f"the service did not start: {line!r}"
        self.http, self.grpc = int(found.group(1)), int(found.group(2))

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20)
        try:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def left(self, domain, **entries):
        """What is left of the limit of a descriptor, which is looked at and not charged."""
        descriptor = {"entries": [{"key": key, "value": value} for key, value in entries.items()], "hitsAddend": "0"}
        status, body = self.ask("POST", "/json", json.dumps({"domain": domain, "descriptors": [descriptor]}))
        assert status in (200, 429), f"POST /json answered {status}: {body}"
        return json.loads(body)["statuses"][0].get("limitRemaining", 0)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
