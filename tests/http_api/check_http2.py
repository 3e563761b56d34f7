#!/usr/bin/env python3
"""Asks the built program the same over HTTP/1.1, HTTP/2 without TLS and HTTP/2 over TLS, with curl: check_http2.py PROGRAM.

The answers have to be the same but for what names a request. Then h2load asks many times at once. Ends with 77 (skipped) where curl or
h2load is missing.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_http_api import Program

RULES = """\
rules: [{name: login, match: {methods: [POST], path: /login}, per: ip, limit: 1000000/m}]
"""
CHECK = '{"key":"%s","algorithm":"token_bucket","capacity":3,"refill_rate":0.001}'
JSON = ["-H", "Content-Type: application/json"]
# Name: what curl is given. KEY is another one for each version, so that all count from nothing.
CASES = {
    "a check": ["/check", *JSON, "-d", CHECK],
    "a check, again": ["/check", *JSON, "-d", CHECK],
    "by rule": ["/check", *JSON, "-d", '{"rule":"login","key":"KEY"}'],
    "a batch": ["/v1/check/batch", *JSON, "-d", '{"checks":[{"rule":"login","key":"KEY"},{"rule":"none","key":"KEY"}]}'],
    "an unknown rule": ["/check", *JSON, "-d", '{"rule":"none","key":"KEY"}'],
    "no JSON": ["/check", *JSON, "-d", "{"],
    "bytes that are no text": ["/check", *JSON, "--data-binary", b'{"key":"\xff\xfe"}'.decode("latin-1")],
    "no media type": ["/check", "-H", "Content-Type:", "-d", "{}"],
    "another media type": ["/check", "-H", "Content-Type: text/plain", "-d", "{}"],
    "no body": ["/check", *JSON, "-X", "POST"],
    "a body that is too large": ["/check", *JSON, "-d", "@LARGE"],
    "a field that came twice": ["/check", *JSON, "-H", "X-Request-Id: a", "-H", "X-Request-Id: b", "-d", "{}"],
    "no such path": ["/nothing"],
    "a body to no such path": ["/nothing", "-d", "@MEDIUM"],
    "no such method": ["/check", "-X", "PATCH"],
    "an expectation that is not known": ["/check", *JSON, "-H", "Expect: foo", "-d", "{}"],
    "a body that waits to be asked for": ["/check", *JSON, "-H", "Expect: 100-continue", "-d", '{"rule":"none","key":"KEY"}'],
    "a target that is too long": ["/" + "x" * 20_000],
    "a field that is too long": ["/health", "-H", "X-Long: " + "x" * 20_000],
    "too many fields": ["/health", *[word for i in range(101) for word in ("-H", f"X-{i}: y")]],
    "OPTIONS": ["/check", "-X", "OPTIONS"],
    "HEAD": ["/health", "-I"],
    "health": ["/health"],
    "rules": ["/v1/rules"],
    "a proxy's question": ["/v1/authz", "-H", "X-Forwarded-Method: POST", "-H", "X-Forwarded-Uri: /login", "-H", "X-Forwarded-For: KEY"],
}
# What differs from one request to the next, or is HTTP/1.1's alone.
VOLATILE = re.compile(r"^(date|x-request-id|connection|keep-alive|transfer-encoding):.*\n", re.MULTILINE)


def normal(answer, key):
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    lines = [re.sub(r"^HTTP/[0-9.]+ (\d+).*", r"status \1", head.split("\n")[0])]
    lines += sorted(line.split(":", 1)[0].lower() + ":" + line.split(":", 1)[1] for line in head.split("\n")[1:])
    text = VOLATILE.sub("", "\n".join(lines) + "\n") + "\n" + body
    text = re.sub(r'"request_id":"[^"]*"', '"request_id":""', text)
    text = re.sub(r'"(reset_after_ms|retry_after_ms|uptime_seconds)":\d+', r'"\1":0', text)
    text = re.sub(r"t=\d+", "t=0", text)
    text = re.sub(r'"file":"[^"]*"', '"file":""', text)
    text = re.sub(r"content-length: \d+", "content-length: N", text)
    return text.replace(key, "KEY")


def ask_all(curl, url, version, key, large):
    answers = {}
    for name, (target, *options) in CASES.items():
        options = [option.replace("%s", key).replace("KEY", key).replace("LARGE", large).replace("MEDIUM", large + ".third") for option in options]
        command = [curl, "-sS", "-k", "-i", "--max-time", "60", version, *options, url + target]
        done = subprocess.run([word.encode("latin-1") for word in command], capture_output=True)
        answer = done.stdout.decode("latin-1")
        answer = re.sub(r"^HTTP/[0-9.]+ 100.*?\r\n\r\n", "", answer, flags=re.DOTALL)
        answers[name] = answer if answer else f"curl says {done.stderr.decode()}"
    return answers


def load(h2load, url, folder):
    body = Path(folder) / "check.json"
    body.write_text(CHECK % "load")
    command = [h2load, "-n", "20000", "-c", "4", "-m", "32", "-d", str(body), "-H", "content-type: application/json", url + "/check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    if "20000 done, 3 succeeded, 19997 failed" in done.stdout:
        return []
    return [f"{url}: {done.stdout}{done.stderr}"]


def open_streams(curl, url):
    """The request for the figures is itself a stream over HTTP/2, and none over HTTP/1.1."""
    errors = []
    for version, expected in (("--http2-prior-knowledge", 1), ("--http1.1", 0)):
        text = subprocess.run([curl, "-sS", "--max-time", "60", version, url + "/metrics"], capture_output=True, text=True).stdout
        if f"\nrateguard_http2_streams {expected}\n" not in text:
            errors.append(f"{url}: rateguard_http2_streams is not {expected} over {version}")
    return errors


def certificate(folder):
    key, chain = Path(folder) / "key.pem", Path(folder) / "chain.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out",
                    str(chain), "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    return f"listen: {{tls: {{certificate: {chain}, key: {key}}}}}\n"


def main():
    curl, h2load = shutil.which("curl"), shutil.which("h2load")
    if curl is None or h2load is None:
        print("there is no curl or no h2load: skipped")
        return 77
    errors = []
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large"
        large.write_text("x" * 3_000_000)
        Path(folder, "large.third").write_text("x" * 1_000_000)
        plain, secure = Path(folder) / "plain.yaml", Path(folder) / "secure.yaml"
        tls = certificate(folder)
        plain.write_text("\n" + RULES)
        secure.write_text(tls + RULES)
        answers = {}
        with Program(sys.argv[1], str(plain)) as program:
            url = f"http://127.0.0.1:{program.port}"
            answers["HTTP/1.1"] = ask_all(curl, url, "--http1.1", "k1", str(large))
            answers["h2c"] = ask_all(curl, url, "--http2-prior-knowledge", "k2", str(large))
            errors += load(h2load, url, folder)
            errors += open_streams(curl, url)
        with Program(sys.argv[1], str(secure)) as program:
            url = f"https://127.0.0.1:{program.port}"
            answers["h2"] = ask_all(curl, url, "--http2", "k3", str(large))
            answers["HTTP/1.1 over TLS"] = ask_all(curl, url, "--http1.1", "k4", str(large))
            errors += load(h2load, url, folder)
    for version, key in (("h2c", "k2"), ("h2", "k3"), ("HTTP/1.1 over TLS", "k4")):
        for name in CASES:
            begins = "HTTP/2 " if version.startswith("h2") else "HTTP/1.1 "
            if not answers[version][name].startswith(begins):
                errors.append(f"{version}, {name}: the answer is not {begins}: {answers[version][name][:200]}")
                continue
            expected, found = normal(answers["HTTP/1.1"][name], "k1"), normal(answers[version][name], key)
            if expected != found:
                errors.append(f"{version}, {name}: answered otherwise than over HTTP/1.1\n--- HTTP/1.1\n{expected}\n--- {version}\n{found}")
    for error in errors:
        print(error)
    print(f"{len(CASES)} cases over 4 kinds of connection, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
