"""Runs a page's commands in a folder of its own, with the built program, and servers on ports that the kernel picks."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from reserved_port import reserved_port

# What the pages write for the doors, and for a Redis.
DOORS = {"http": 8080, "grpc": 8081, "resp": 6380}
ADMIN_PORT = 8088
REDIS_PORT = 6379
# Where the pages keep files; here they are below the page's own folder.
PLACES = ("/etc/rateguard", "/var/lib/rateguard", "/var/log/nginx")


class Runner:
    def __init__(self, program, root, folder):
        self.folder = Path(folder)
        self.root = root
        self.servers = {}  # by the HTTP port that the page has for them
        self.redis = None
        self.ports = {}  # as the page has it -> as it is
        self.environment = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8", TZ="UTC")
        for name in [name for name in self.environment if name.startswith("RATEGUARD_")]:
            del self.environment[name]
        for place in PLACES:
            (self.folder / place[1:]).mkdir(parents=True)
        commands = self.folder / ".commands"
        commands.mkdir()
        (commands / "rateguard").symlink_to(program)
        self.environment["PATH"] = f"{commands}:{self.environment['PATH']}"
        client = commands / "redis-cli"  # writes as it does on a terminal
        client.write_text('#!/bin/sh\nexec /usr/bin/redis-cli --no-raw "$@"\n')
        client.chmod(0o755)
        for name in ("examples", "docs", "proto"):
            (self.folder / name).symlink_to(root / name)
        built = self.folder / "build/release"
        built.mkdir(parents=True)
        (built / "rateguard").symlink_to(program)

    def close(self):
        for port in list(self.servers):
            self.stop_server(port)
        if self.redis:
            self.redis.kill()
            self.redis.wait()

    def write_file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._with_real_places(text))

    def run(self, command):
        """(exit code, what it printed). `rateguard serve` and `make run` start a server that later commands meet."""
        command = self._as_rateguard(command)
        words = shlex.split(command, comments=True)
        if "redis://127.0.0.1:6379" in command:
            self.start_redis()
        command = self._with_real_places(command)
        plain = [word for word in words if "=" not in word.split("/")[0]]
        if plain[:2] == ["rateguard", "serve"] or plain[:2] == ["build/release/rateguard", "serve"]:
            return self.start_server(command)
        run = subprocess.run(["bash", "-c", self._with_real_ports(command)], cwd=self.folder, env=self.environment, text=True, timeout=120, check=False,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return run.returncode, self._with_shown_ports(run.stdout)

    def _as_rateguard(self, command):
        made = re.fullmatch(r"make run((?: +\w+=(?:\"[^\"]*\"|\S+))*)", command.split("#")[0].strip())
        if not made:
            return command
        variables = dict(word.split("=", 1) for word in shlex.split(made.group(1)))
        redis = f"RATEGUARD_REDIS={variables['REDIS']} " if "REDIS" in variables else ""
        return f"{redis}rateguard serve {variables.get('ARGS', '')}"

    def start_server(self, command):
        shown = dict(DOORS)
        for door in DOORS:
            named = re.search(rf"--{door} 127\.0\.0\.1:(\d+)", command)
            if named:
                shown[door] = int(named.group(1))
                command = command.replace(named.group(), f"--{door} 127.0.0.1:0")
            elif f"--{door} " not in command:
                command += f" --{door} 127.0.0.1:0"
        shown["admin"] = ADMIN_PORT  # its listener has no option of its own
        self.stop_server(shown["http"])
        command = self._with_real_redis(command)
        environment = dict(self.environment, RATEGUARD_ADMIN_LISTEN="127.0.0.1:0")
        if "redis://" in command:
            environment["RATEGUARD_STORES_DEFAULT_DEADLINE"] = "5s"  # a busy machine decides nothing without the Redis
        log = open(self.folder / ".server.log", "w", encoding="utf-8")
        server = self.servers[shown["http"]] = subprocess.Popen(["bash", "-c", "exec env " + command], cwd=self.folder, env=environment, text=True,
                                                                stdout=subprocess.PIPE, stderr=log)
        log.close()
        ready = server.stdout.readline()
        for door, port in re.findall(r"(\w+)=127\.0\.0\.1:(\d+)", ready):
            self.ports[shown[door]] = int(port)
        errors = (self.folder / ".server.log").read_text()
        if not ready.startswith("ready "):
            return server.wait(timeout=60), self._with_shown_ports(errors)
        return 0, self._with_shown_ports(ready)

    def stop_server(self, port):
        server = self.servers.pop(port, None)
        if server is None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()

    def start_redis(self):
        if self.redis:
            return
        port = self.ports[REDIS_PORT] = reserved_port()
        self.redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"redis-server does not answer on port {port} within a minute")

    def _with_real_places(self, text):
        for place in PLACES:
            text = text.replace(place, str(self.folder) + place)
        return text

    def _with_real_ports(self, text):
        def real(match):
            return match.group(1) + str(self.ports.get(int(match.group(2)), match.group(2)))
        return re.sub(r"(127\.0\.0\.1:|localhost:|redis-cli -p )(\d+)", real, text)

    def _with_real_redis(self, command):
        return command.replace(f"redis://127.0.0.1:{REDIS_PORT}", f"redis://127.0.0.1:{self.ports.get(REDIS_PORT)}")

    def _with_shown_ports(self, text):
        for shown, real in self.ports.items():
            text = re.sub(rf"(127\.0\.0\.1:){real}\b", rf"\g<1>{shown}", text)
        for place in PLACES:
            text = text.replace(str(self.folder) + place, place)
        return text.replace(str(self.folder) + "/", "")
