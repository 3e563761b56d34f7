#!/usr/bin/env python3
"""h2spec, which tests servers of HTTP/2, against the listeners of gRPC and of HTTP.

    tests/conformance/foreign/check_h2spec.py RATEGUARD H2SPEC
"""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from service import Service

# How long h2spec waits for an answer. Its own 2 s are too short on a busy machine.
PATIENCE_S = 6

# Where h2spec asks for more than RFC 9113 does: it was written for RFC 7540. Each is (section, case).
OTHERWISE = {
    # State of a closed stream is not kept, and frames that are late for it are ignored. RFC 9113, section 5.1, lets a server
    # do so; frames that were on their way when a client gave up are no reason to end its connection. Whether a stream is
    # closed already when h2spec's frame comes is a matter of time.
    ("5.1", "half closed (remote): Sends a DATA frame"),
    ("5.1", "half closed (remote): Sends a HEADERS frame"),
    ("5.1", "closed: Sends a DATA frame after sending RST_STREAM frame"),
    ("5.1", "closed: Sends a HEADERS frame after sending RST_STREAM frame"),
    ("5.1", "closed: Sends a DATA frame"),
    ("5.1", "closed: Sends a HEADERS frame"),
    ("6.1", "Sends a DATA frame on the stream that is not in \"open\" or \"half-closed (local)\" state"),
    # libnghttp2 takes it for a late frame of a stream that is closed, as its own server does.
    ("5.1.1", "Sends stream identifier that is numerically smaller than previous"),
    # RFC 9113, section 5.3, has no such priorities any more.
    ("5.3.1", "Sends PRIORITY frame that depend on itself"),
}
# What does not begin as HTTP/2 is HTTP/1.1 there, and is told 400 in its words.
OTHERWISE_OVER_HTTP = OTHERWISE | {("3.5", "Sends invalid connection preface")}


def failures(report):
    """The cases of h2spec's JUnit report that failed, and how many there are in all."""
    failed, total = set(), 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            total += 1
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add((case.get("package").rpartition("/")[2], case.get("classname")))
    return failed, total


def check(h2spec, listener, port, otherwise):
    """What to say of the listener; ends the program where it does otherwise than decided."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.xml"
        command = [h2spec, "-h", "127.0.0.1", "-p", str(port), "-o", str(PATIENCE_S), "-j", str(report)]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        assert report.exists(), outcome.stdout + outcome.stderr
        failed, total = failures(report)
    assert total > 100, f"h2spec ran {total} cases only"
    if not failed <= otherwise:
        print(outcome.stdout[outcome.stdout.find("Failures:"):])
        sys.exit(f"h2spec, {listener}: not as decided: {sorted(failed - otherwise)}")
    return f"h2spec, {listener}: {total - len(failed)} of {total} cases pass, {len(failed)} are decided otherwise"


def main(program, h2spec):
    service = Service(program)
    try:
        print(check(h2spec, "gRPC", service.grpc, OTHERWISE), flush=True)
        print(check(h2spec, "HTTP", service.http, OTHERWISE_OVER_HTTP), flush=True)
        assert service.process.poll() is None, "the service ended"
    finally:
        service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
