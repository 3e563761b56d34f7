#!/usr/bin/env python3
"""Reads logs of many formats with a reader of its own, decides them with a model of its own, and compares every total
with `rateguard simulate --json`: check_formats.py PROGRAM

Nothing here comes from the program. Each format has a writer, which makes a log of random traffic, and a reader, which
knows of that traffic only what the log says.
"""

import csv
import datetime
import io
import ipaddress
import json
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

START = 1_715_940_000  # 2024-05-17T10:00:00Z
REQUESTS = 1500
TRUSTED = ipaddress.ip_network("10.0.0.0/8")

RULES = """
listen: {trusted_proxies: [10.0.0.0/8]}
rules:
  - {name: per-ip, per: ip, limit: 9/m, algorithm: fixed_window}
  - {name: login, match: {methods: [POST], path: /login}, per: ip, limit: 4/m, algorithm: fixed_window}
  - {name: users, per: user, missing: skip, limit: 15/m, algorithm: fixed_window}
  - {name: shop, match: {host: shop.example.com}, per: [ip, route], limit: 9/m, algorithm: fixed_window}
  - {name: agents, per: "header:User-Agent", missing: skip, limit: 120/m, algorithm: fixed_window, mode: shadow}
"""


class Request:
    """What is known of one request. None: nothing."""

    def __init__(self, time, client, method=None, path=None, host=None, user=None, agent=None, forwarded=None):
        self.time, self.client, self.method, self.path = time, client, method, path
        self.host, self.user, self.agent, self.forwarded = host, user, agent, forwarded


def traffic(rng):
    """Random requests of ten minutes; many share a second, and their times are not quite in order."""
    clients = [f"203.0.113.{i}" for i in range(1, 30)] + [f"2001:db8:0:{i}::1" for i in range(1, 6)]
    agents = ["curl/8.1", "Mozilla/5.0 (X11; Linux x86_64)", None]
    out = []
    for i in range(REQUESTS):
        client = rng.choice(clients[: rng.choice([3, len(clients)])])
        forwarded = None
        peer = client
        if rng.random() < 0.3:  # through a proxy that is trusted, or through one that is not
            peer = rng.choice(["10.0.0.7", "198.51.100.9"])
            forwarded = ", ".join([rng.choice(["192.0.2.66, ", ""]) + client])
        login = rng.random() < 0.15
        out.append(Request(
            time=START + i * 600 // REQUESTS + rng.randrange(3) + rng.choice([0, 0.25, 0.5]),
            client=peer, forwarded=forwarded,
            method="POST" if login else rng.choice(["GET", "HEAD"]),
            path="/login" if login else rng.choice(["/", "/a/b", "/api/v1/items", "/with-dash_and.dots"]),
            host=rng.choice(["shop.example.com", "www.example.com"]),
            user=rng.choice([None, None, "alice", "bob", "x[y", "a b"]),
            agent=rng.choice(agents)))
    return out


# --- the model

def caller(request):
    """The address of the caller, as identity.md says it is found."""
    def address(text):
        try:
            return ipaddress.ip_address(text)
        except ValueError:
            return None
    found = address(request.client) if request.client else None
    hops = [part.strip() for part in (request.forwarded or "").split(",") if part.strip()]
    while found is not None and found.version == 4 and found in TRUSTED and hops:
        nearer = address(hops.pop())
        if nearer is None:
            break
        found = nearer
    if found is None:
        return None
    if found.version == 6:
        return str(ipaddress.ip_network(f"{found}/64", strict=False).network_address)
    return str(found)


def subjects(request):
    """(rule, subject) of the rules that match; a subject of None: the rule lacks what it counts by."""
    ip = caller(request)
    out = [("per-ip", ip)]
    if request.method == "POST" and request.path == "/login":
        out.append(("login", ip))
    out.append(("users", request.user))
    if request.host == "shop.example.com":
        out.append(("shop", ip and f"{ip} {request.path}"))
    out.append(("agents", request.agent))
    return out


LIMITS = {"per-ip": 9, "login": 4, "users": 15, "shop": 9, "agents": 120}
SKIPS = {"users", "agents"}
SHADOWS = {"agents"}


def decide(requests):
    """The totals, and those of each rule."""
    total = {"requests": 0, "admitted": 0, "refused": 0}
    rules = {name: {"requests": 0, "admitted": 0, "refused": 0, "refused_by_others": 0, "shadow_refused": 0,
                    "refused_for_missing": 0, "skipped_for_missing": 0} for name in LIMITS}
    seen = {name: set() for name in LIMITS}
    hit = {name: set() for name in LIMITS}
    counts = {}
    for request in sorted(requests, key=lambda r: int(r.time * 1_000_000)):
        window = int(request.time) // 60
        judged = []
        for name, subject in subjects(request):
            if subject is None and name in SKIPS:
                rules[name]["skipped_for_missing"] += 1
                continue
            key = (name, subject, window)
            judged.append((name, subject, key, subject is not None and counts.get(key, 0) < LIMITS[name]))
        admitted = all(fits for name, _, _, fits in judged if name not in SHADOWS)
        total["requests"] += 1
        total["admitted" if admitted else "refused"] += 1
        for name, subject, key, fits in judged:
            figures = rules[name]
            figures["requests"] += 1
            if subject is None:
                figures["refused_for_missing"] += 1
            else:
                seen[name].add(subject)
                if not fits:
                    hit[name].add(subject)
            if name in SHADOWS:
                figures["shadow_refused"] += not fits
                if fits:
                    counts[key] = counts.get(key, 0) + 1
            elif admitted:
                counts[key] = counts.get(key, 0) + 1
            if admitted:
                figures["admitted"] += 1
            elif fits or name in SHADOWS:
                figures["refused_by_others"] += 1
            else:
                figures["refused"] += 1
    for name, figures in rules.items():
        figures["subjects"], figures["subjects_refused"] = len(seen[name]), len(hit[name])
    return total, rules


# --- writers and readers, one pair for each format

def moment(time):
    return datetime.datetime.fromtimestamp(int(time), datetime.timezone.utc)


def clf_time(time):
    return moment(time).strftime("%d/%b/%Y:%H:%M:%S +0000")


def from_clf(text):
    return datetime.datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()


def iso_time(time):
    return moment(time).strftime("%Y-%m-%dT%H:%M:%S") + f".{int(time * 1000) % 1000:03}Z"


def from_iso(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.datetime.strptime(whole + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
    return seconds + (int(fraction.ljust(6, "0")[:6]) / 1_000_000 if fraction else 0)


def dash(value):
    return "-" if value is None else value


def none(text):
    return None if text in ("", "-") else text


def write_combined(r):
    return f'{r.client} - {dash(r.user)} [{clf_time(r.time)}] "{r.method} {r.path}?q=1 HTTP/1.1" 200 5 "-" "{dash(r.agent)}"'


COMBINED = re.compile(r'^(?P<client>\S+) - (?P<user>.*) \[(?P<time>[^]]*)\] "(?P<method>\S+) (?P<path>[^? ]+)\S* HTTP/1.1" '
                      r'200 5 "-" "(?P<agent>[^"]*)"(?P<rest>.*)$')


def read_combined(line):
    m = COMBINED.match(line)
    return m and Request(from_clf(m["time"]), m["client"], m["method"], m["path"], user=none(m["user"]),
                         agent=none(m["agent"]))


def write_vhost(r):
    return f"{r.host}:443 {write_combined(r)}"


def read_vhost(line):
    host, _, rest = line.partition(":443 ")
    request = read_combined(rest)
    if request:
        request.host = host
    return request


def write_forwarded_last(r):
    return f'{write_combined(r)} "{dash(r.forwarded)}"'


def read_forwarded_last(line):
    request = read_combined(line)
    if request:
        request.forwarded = none(COMBINED.match(line)["rest"].strip(' "'))
    return request


def write_forwarded_first(r):
    both = r.client if r.forwarded is None else f"{r.forwarded}, {r.client}"
    return write_combined(r).replace(r.client, both, 1)


def read_forwarded_first(line):
    addresses, _, rest = line.partition(" - ")
    request = read_combined("x - " + rest)
    if request:
        *before, request.client = addresses.split(", ")
        request.forwarded = ", ".join(before) or None
    return request


def write_ingress(r):
    return write_combined(r) + " 93 0.001 [default-web-80] [] 10.0.0.9:80 5 0.001 200 9f8e"


def write_haproxy(r):
    time = moment(r.time).strftime("%d/%b/%Y:%H:%M:%S") + f".{int(r.time * 1000) % 1000:03}"
    return (f"<134>May 17 10:05:03 lb haproxy[14389]: {r.client}:4711 [{time}] in static/s1 10/0/30/69/109 200 5 - - ---- "
            f'1/1/1/1/0 0/0 {{{r.host}}} "{r.method} {r.path} HTTP/1.1"')


def read_haproxy(line):
    m = re.match(r'^<134>.*?\]: (\S+):\d+ \[([^]]*)\.(\d+)\] .* "(\S+) (\S+) HTTP/1.1"$', line)
    return m and Request(from_clf(m[2] + " +0000") + int(m[3]) / 1000, m[1], m[4], m[5])


def write_envoy(r):
    forwarded = r.client if r.forwarded is None else f"{r.forwarded},{r.client}"
    return (f'[{iso_time(r.time)}] "{r.method} {r.path}?q HTTP/2" 204 - 154 0 226 100 "{forwarded}" "{dash(r.agent)}" '
            f'"cc21d9b0" "{r.host}" "10.0.2.1:80"')


def read_envoy(line):
    m = re.match(r'^\[(.*?)\] "(\S+) ([^? ]+)\S* HTTP/2" 204 - 154 0 226 100 "([^"]*)" "([^"]*)" "[^"]*" "([^"]*)" "[^"]*"$', line)
    if not m:
        return None
    *before, client = [part.strip() for part in m[4].split(",")]
    return Request(from_iso(m[1]), client, m[2], m[3], host=m[6], agent=none(m[5]), forwarded=", ".join(before) or None)


def write_istio(r):
    address = f"[{r.client}]" if ":" in r.client else r.client
    return (f'[{iso_time(r.time)}] "{r.method} {r.path} HTTP/1.1" 200 - via_upstream - "-" 0 135 4 4 "{dash(r.forwarded)}" '
            f'"{dash(r.agent)}" "84961386" "{r.host}" "10.44.1.27:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 '
            f'{address}:37652 outbound default')


def read_istio(line):
    m = re.match(r'^\[(.*?)\] "(\S+) (\S+) HTTP/1.1" .* 4 4 "([^"]*)" "([^"]*)" "[^"]*" "([^"]*)" "[^"]*" \S+ \S+ \S+ '
                 r'\[?(.*?)\]?:37652 outbound default$', line)
    return m and Request(from_iso(m[1]), m[7], m[2], m[3], host=m[6], agent=none(m[5]), forwarded=none(m[4]))


def write_alb(r):
    return (f"https {iso_time(r.time)} app/lb/50dc {r.client}:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "
            f'"{r.method} https://{r.host}:443{r.path}?q HTTP/1.1" "{dash(r.agent)}" ECDHE TLSv1.2 arn:aws "Root=1" "-" "-"')


def read_alb(line):
    fields = next(csv.reader([line], delimiter=" ")) if line.startswith("https ") else []
    if len(fields) < 15:
        return None
    method, url, _ = fields[12].split(" ")
    parts = urllib.parse.urlsplit(url)
    return Request(from_iso(fields[1]), fields[3].rsplit(":", 1)[0], method, parts.path, host=parts.hostname,
                   agent=none(fields[13]))


W3C = {"iis": (" ", "s-ip"), "cloudfront": ("\t", "x-edge-location")}


def write_w3c(kind):
    separator, other = W3C[kind]
    names = ["date", "time", other, "cs-method", "cs-uri-stem", "cs-uri-query", "c-ip", "cs-username", "cs(User-Agent)",
             "x-host-header" if kind == "cloudfront" else "cs-host", "x-forwarded-for"]

    def write(r):
        agent = dash(r.agent)
        agent = urllib.parse.quote(agent) if kind == "cloudfront" else agent.replace(" ", "+")
        # Spaces cannot be in a field: such names are not logged.
        user = None if r.user and " " in r.user else r.user
        forwarded = dash(r.forwarded).replace(", ", "," if kind == "iis" else ", ")
        return separator.join([moment(r.time).strftime("%Y-%m-%d"), moment(r.time).strftime("%H:%M:%S"), "x", r.method,
                               r.path, "q=1", r.client, dash(user), agent, r.host, forwarded])
    return write, "#Version: 1.0\n#Fields: " + " ".join(names) + "\n"


def read_w3c(kind):
    separator, _ = W3C[kind]

    def read(line):
        fields = line.split(separator)
        if line.startswith("#") or len(fields) != 11:
            return None
        agent = fields[8].replace("+", " ") if kind == "iis" else urllib.parse.unquote(fields[8])
        return Request(from_iso(f"{fields[0]}T{fields[1]}"), fields[6], fields[3], fields[4], host=fields[9],
                       user=none(fields[7]), agent=none(agent), forwarded=none(fields[10]))
    return read


def write_caddy(r):
    headers = {} if r.agent is None else {"User-Agent": [r.agent]}
    if r.forwarded:
        headers["X-Forwarded-For"] = [r.forwarded]
    return json.dumps({"level": "info", "ts": r.time, "logger": "http.log.access", "msg": "handled request", "request": {
        "remote_ip": r.client, "remote_port": "1", "client_ip": r.client, "proto": "HTTP/2.0", "method": r.method,
        "host": r.host, "uri": r.path + "?q", "headers": headers}, "user_id": r.user or "", "status": 200})


def read_caddy(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None
    request = record["request"]
    headers = request["headers"]
    return Request(record["ts"], request["client_ip"], request["method"], request["uri"].split("?")[0],
                   host=request["host"], user=record["user_id"] or None, agent=headers.get("User-Agent", [None])[0],
                   forwarded=headers.get("X-Forwarded-For", [None])[0])


def write_traefik(r):
    record = {"ClientAddr": f"{r.client}:1", "ClientHost": r.client, "ClientUsername": dash(r.user),
              "DownstreamStatus": 200, "RequestHost": r.host, "RequestMethod": r.method, "RequestPath": r.path + "?q",
              "StartUTC": iso_time(r.time), "level": "info", "msg": "", "time": iso_time(r.time + 5)}
    if r.agent:
        record["request_User-Agent"] = r.agent
    if r.forwarded:
        record["request_X-Forwarded-For"] = r.forwarded
    return json.dumps(record)


def read_traefik(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return Request(from_iso(record["StartUTC"]), record["ClientHost"], record["RequestMethod"],
                   record["RequestPath"].split("?")[0], host=record["RequestHost"], user=none(record["ClientUsername"]),
                   agent=record.get("request_User-Agent"), forwarded=record.get("request_X-Forwarded-For"))


def write_ecs(r):
    record = {"@timestamp": iso_time(r.time), "host": {"name": "web1"}, "source": {"ip": r.client},
              "http": {"request": {"method": r.method}}, "url": {"path": r.path, "domain": r.host}}
    if r.user:
        record["user"] = {"name": r.user}
    if r.agent:
        record["user_agent"] = {"original": r.agent}
    return json.dumps(record)


def read_ecs(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return Request(from_iso(record["@timestamp"]), record["source"]["ip"], record["http"]["request"]["method"],
                   record["url"]["path"], host=record["url"]["domain"], user=record.get("user", {}).get("name"),
                   agent=record.get("user_agent", {}).get("original"))


def write_csv(r):
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        [int(r.time * 1000), dash(r.client), r.method, r.path, r.host, dash(r.user), dash(r.agent)])
    return out.getvalue()


CSV_HEADER = "timestamp,remote_addr,method,path,host,user,http_user_agent\n"


def read_csv(line):
    fields = next(csv.reader([line]))
    if len(fields) != 7 or not fields[0].isdigit():
        return None
    return Request(int(fields[0]) / 1000, none(fields[1]), fields[2], fields[3], host=fields[4], user=none(fields[5]),
                   agent=none(fields[6]))


def docker(write):
    return lambda r: json.dumps({"log": write(r) + "\n", "stream": "stdout", "time": iso_time(r.time)})


def from_docker(read):
    def unwrapped(line):
        try:
            return read(json.loads(line)["log"].rstrip("\n"))
        except ValueError:
            return None
    return unwrapped


def cri(write):
    return lambda r: f"{iso_time(r.time)} stdout F {write(r)}"


def from_cri(read):
    return lambda line: read(line.split(" stdout F ", 1)[-1])


def compose(write):
    return lambda r: f"web-1  | {write(r)}"


def from_compose(read):
    return lambda line: read(line.split("| ", 1)[-1])


NGINX = ("log_format api escape=json '$msec $http_host ' '\"$remote_addr\" u=\"$remote_user\" '\n"
         "    '$request_method $uri \"$http_user_agent\" ($http_x_forwarded_for)';")


def write_nginx(r):
    return (f'{r.time:.3f} {r.host} "{r.client}" u="{r.user or ""}" {r.method} {r.path} "{r.agent or ""}" '
            f'({r.forwarded or ""})')


def read_nginx(line):
    m = re.match(r'^([\d.]+) (\S+) "([^"]*)" u="([^"]*)" (\S+) (\S+) "([^"]*)" \(([^)]*)\)$', line)
    return m and Request(float(m[1]), m[3], m[5], m[6], host=m[2], user=none(m[4]), agent=none(m[7]), forwarded=none(m[8]))


APACHE = '%{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t %a %{Host}i "%m %U" %u "%{User-agent}i"'


def write_apache(r):
    return (f'{moment(r.time).strftime("%Y-%m-%d %H:%M:%S")}.{int(r.time * 1000) % 1000:03} {r.client} {r.host} '
            f'"{r.method} {r.path}" {dash(r.user).replace(" ", "_")} "{dash(r.agent)}"')


def read_apache(line):
    m = re.match(r'^(\S+) (\S+) (\S+) (\S+) "(\S+) (\S+)" (\S+) "([^"]*)"$', line)
    return m and Request(from_iso(f"{m[1]}T{m[2]}"), m[3], m[5], m[6], host=m[4], user=none(m[7]), agent=none(m[8]))


FORMATS = {
    # name: writer, reader, what the log begins with, the format that simulate says, options
    "combined": (write_combined, read_combined, "", "combined", []),
    "vhost_combined": (write_vhost, read_vhost, "", "combined", []),
    "forwarded_first": (write_forwarded_first, read_forwarded_first, "", "combined", []),
    "forwarded_last": (write_forwarded_last, read_forwarded_last, "", "combined", []),
    "ingress": (write_ingress, read_combined, "", "combined", []),
    "haproxy": (write_haproxy, read_haproxy, "", "haproxy", []),
    "envoy": (write_envoy, read_envoy, "", "envoy", []),
    "istio": (write_istio, read_istio, "", "istio", []),
    "alb": (write_alb, read_alb, "", "alb", []),
    "iis": (*write_w3c("iis")[:1], read_w3c("iis"), write_w3c("iis")[1], "w3c", []),
    "cloudfront": (*write_w3c("cloudfront")[:1], read_w3c("cloudfront"), write_w3c("cloudfront")[1], "w3c", []),
    "caddy": (write_caddy, read_caddy, "", "jsonl", []),
    "traefik": (write_traefik, read_traefik, "", "jsonl", []),
    "ecs": (write_ecs, read_ecs, "", "jsonl", []),
    "csv": (write_csv, read_csv, CSV_HEADER, "csv", []),
    "docker": (docker(write_combined), from_docker(read_combined), "", "combined", []),
    "cri": (cri(write_traefik), from_cri(read_traefik), "", "jsonl", []),
    "compose": (compose(write_forwarded_last), from_compose(read_forwarded_last), "", "combined", []),
    "nginx": (write_nginx, read_nginx, "", "log-format", ["--log-format", NGINX]),
    "apache": (write_apache, read_apache, "", "log-format", ["--log-format", APACHE]),
}


def check(program, name, folder):
    write, read, head, format_name, options = FORMATS[name]
    rng = random.Random(name)
    lines = [write(request) for request in traffic(rng)]
    for _ in range(20):
        lines.insert(rng.randrange(60, len(lines)), "nothing that could be read")
    log = folder / f"{name}.log"
    log.write_text(head + "\n".join(lines) + "\n")

    # Only what the log says counts from here on.
    body = log.read_text()[len(head):].splitlines()
    requests = [request for request in map(read, body) if request]
    malformed = len(body) - len(requests)
    expected_total, expected_rules = decide(requests)
    expected_total["malformed"] = malformed
    assert malformed == 20, f"{name}: this reader took {malformed} lines for malformed"
    assert expected_total["refused"] > 50 and expected_total["admitted"] > 50, f"{name}: these rules prove nothing"

    ran = subprocess.run([program, "simulate", "--quiet", "--rules", folder / "rules.yaml", "--json", "-", *options, log],
                         capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, f"{name}: exit code {ran.returncode}: {ran.stderr}"
    report = json.loads(ran.stdout)
    differences = []
    said = report["logs"][0]["format"]
    if said != format_name:
        differences.append(f"format: {said}, and it is {format_name}")
    for key, value in expected_total.items():
        if report["total"][key] != value:
            differences.append(f"total.{key}: {report['total'][key]}, and the reference has {value}")
    for rule in report["rules"]:
        for key, value in expected_rules[rule["name"]].items():
            if rule[key] != value:
                differences.append(f"{rule['name']}.{key}: {rule[key]}, and the reference has {value}")
    return differences


def main():
    program = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES)
        for format_name in FORMATS:
            differences = check(program, format_name, folder)
            failed += bool(differences)
            print(f"{format_name}: {'agrees' if not differences else ''}")
            for difference in differences:
                print(f"  {difference}")
    print(f"{len(FORMATS) - failed} of {len(FORMATS)} formats agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
