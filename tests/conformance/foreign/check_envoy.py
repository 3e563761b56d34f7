#!/usr/bin/env python3
"""A real Envoy in front of an application, with RateGuard as its rate limit service and as its ext_authz server.

    tests/conformance/foreign/check_envoy.py RATEGUARD ENVOY
"""

import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from envoy_proxy import Application, Envoy, cluster, eventually, listener
from service import Service

ROOT = Path(__file__).resolve().parents[3]
PROGRAM, ENVOY = sys.argv[1], sys.argv[2]

LIMITS = """
domain: edge
descriptors:
  - {key: user, rate_limit: {unit: hour, requests_per_unit: 3, name: "by user"}}
  - {key: wide, rate_limit: {unit: hour, requests_per_unit: 10}}
  - {key: half, rate_limit: {unit: 30s, requests_per_unit: 2}}
  - {key: cost, rate_limit: {unit: hour, requests_per_unit: 10}}
  - {key: tokens, rate_limit: {unit: hour, requests_per_unit: 100, overdraft: true}}
  - {key: strict, rate_limit: {unit: hour, requests_per_unit: 100}}
  - {key: slots, rate_limit: {unit: hour, requests_per_unit: 10}}
"""
RULES = """
rules:
  - {name: login, match: {path: /login}, per: ip, limit: 2/h, algorithm: fixed_window}
  - {name: keys, match: {path: "/api/*"}, per: api_key, limit: 5/h}
"""
FILTER = "envoy.filters.http.ratelimit"
OF_HTTP_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"


def by_header(key, name):
    return {"request_headers": {"descriptor_key": key, "header_name": name}}


def limited(path, *rate_limits):
    """A route whose requests meet `rate_limits`."""
    return {
        "match": {"prefix": path},
        "route": {"cluster": "application"},
        "typed_per_filter_config": {
            FILTER: {"@type": f"{OF_HTTP_FILTERS}.ratelimit.v3.RateLimitPerRoute", "rate_limits": list(rate_limits)}
        },
    }


def asking_before_and_reporting_after(key, before, after):
    actions = [by_header(key, "x-user")]
    return [{"actions": actions, "hits_addend": before}, {"actions": actions, "hits_addend": after, "apply_on_stream_done": True}]


ROUTES = [
    limited("/user", {"actions": [by_header("user", "x-user")]}),
    limited("/two", {"actions": [by_header("user", "x-user")]}, {"actions": [by_header("wide", "x-user")]}),
    limited("/half", {"actions": [by_header("half", "x-user")]}),
    limited("/cost", {"actions": [by_header("cost", "x-user")], "hits_addend": {"format": "%REQ(x-hits)%"}}),
    limited("/least", {"actions": [by_header("cost", "x-user")]}, {"actions": [by_header("user", "x-user")]}),
    {
        "match": {"prefix": "/of-route"},
        "route": {
            "cluster": "application",
            "rate_limits": [{"actions": [by_header("cost", "x-user")], "hits_addend": {"number": 7}}],
        },
    },
    limited("/tokens", *asking_before_and_reporting_after("tokens", {"number": 0}, {"format": "%RESP(x-tokens)%"})),
    limited("/strict", *asking_before_and_reporting_after("strict", {"number": 0}, {"format": "%RESP(x-tokens)%"})),
    limited("/slots", *asking_before_and_reporting_after("slots", {"number": 5},
                                                         {"format": "%RESP(x-unused)%", "is_negative_hits": True})),
]


def rate_limit_filter(service, **more):
    return {
        "name": FILTER,
        "typed_config": {
            "@type": f"{OF_HTTP_FILTERS}.ratelimit.v3.RateLimit",
            "domain": "edge",
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
            "timeout": "2s",
            "rate_limit_service": {
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {"cluster_name": service}, "timeout": "2s"},
            },
            **more,
        },
    }


def documented_authz_filter(page):
    """The filter as docs/http.md has it, for a cluster of the same name here."""
    text = (ROOT / "docs/http.md").read_text()
    found = re.search(r"```yaml\nhttp_filters:\n(.*?)```", text, re.DOTALL)
    assert found, "docs/http.md: no http_filters for Envoy"
    (made,) = yaml.safe_load("http_filters:\n" + found.group(1))["http_filters"]
    made["typed_config"]["http_service"]["server_uri"]["timeout"] = "2s"  # machines of tests are slow
    return made


class Together(unittest.TestCase):
    """Envoy, RateGuard and an application; what Envoy makes of it is seen by its clients."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = Path(cls.folder.name)
        (folder / "limits.yaml").write_text(LIMITS)
        (folder / "rules.yaml").write_text(RULES)
        cls.arguments = ("--config", str(folder / "rules.yaml"), "--envoy-config", str(folder / "limits.yaml"))
        cls.application = Application()
        cls.service = Service(PROGRAM, *cls.arguments)
        plain = [{"match": {"prefix": "/"}, "route": {"cluster": "application"}}]
        cls.envoy = Envoy(
            ENVOY, folder,
            [
                listener("open", [rate_limit_filter("rateguard_grpc")], ROUTES),
                listener("closed", [rate_limit_filter("rateguard_grpc", failure_mode_deny=True)], ROUTES),
                listener("exhausted",
                         [rate_limit_filter("rateguard_grpc", rate_limited_as_resource_exhausted=True)], ROUTES),
                listener("authz", [documented_authz_filter("docs/http.md")], plain),
            ],
            [
                cluster("application", cls.application.port),
                cluster("rateguard_grpc", cls.service.grpc, http2=True),
                cluster("rateguard", cls.service.http),
            ])

    @classmethod
    def tearDownClass(cls):
        cls.envoy.close()
        cls.service.close()
        cls.application.close()
        cls.folder.cleanup()

    def ask(self, path, user, name="open", **fields):
        return self.envoy.get(name, path, {"x-user": user, **{key.replace("_", "-"): value for key, value in fields.items()}})

    def test_a_limit_holds_and_its_headers_count_down(self):
        for left in (2, 1, 0):
            status, fields, _ = self.ask("/user", "counted")
            self.assertEqual((status, fields["x-ratelimit-remaining"]), (200, str(left)))
            self.assertEqual(fields["x-ratelimit-limit"], '3, 3;w=3600;name="by user"')
            self.assertLessEqual(int(fields["x-ratelimit-reset"]), 3600)
        status, fields, body = self.ask("/user", "counted")
        self.assertEqual((status, body, fields["x-envoy-ratelimited"]), (429, "", "true"))
        self.assertEqual(fields["x-ratelimit-remaining"], "0")
        self.assertEqual(self.ask("/user", "somebody else")[0], 200)

    def test_a_request_that_one_of_two_limits_refuses_takes_nothing_from_itself(self):
        for _ in range(3):
            self.assertEqual(self.ask("/two", "both")[0], 200)
        self.assertEqual(self.ask("/two", "both")[0], 429)
        self.assertEqual(self.service.left("edge", user="both"), 0)

    def test_a_period_without_a_name_is_told_by_its_multiplier(self):
        status, fields, _ = self.ask("/half", "thirty")
        self.assertEqual((status, fields["x-ratelimit-limit"]), (200, "2, 2;w=30"))
        self.assertLessEqual(int(fields["x-ratelimit-reset"]), 30)

    def test_hits_addend_says_what_a_request_costs(self):
        self.assertEqual(self.ask("/cost", "payer", x_hits="7")[0], 200)
        self.assertEqual(self.service.left("edge", cost="payer"), 3)
        self.assertEqual(self.ask("/cost", "payer", x_hits="4")[0], 429)
        self.assertEqual(self.service.left("edge", cost="payer"), 3)
        self.assertEqual(self.ask("/cost", "payer", x_hits="3")[0], 200)

    def test_envoy_ignores_the_hits_of_a_routes_own_limits(self):
        self.assertEqual(self.ask("/of-route", "router")[0], 200)
        self.assertEqual(self.service.left("edge", cost="router"), 9)

    def test_envoy_asks_nothing_where_the_hits_are_no_number_that_it_takes(self):
        for hits in ("1000000001", "many", "-1"):
            self.assertEqual(self.ask("/cost", "odd", x_hits=hits)[0], 200)
        self.assertEqual(self.service.left("edge", cost="odd"), 10)

    def test_the_headers_describe_the_first_limit_with_the_least_left(self):
        self.ask("/cost", "least", x_hits="9")
        for _ in range(3):
            self.ask("/user", "least")
        status, fields, _ = self.ask("/least", "least")
        self.assertEqual((status, fields["x-ratelimit-limit"]), (429, '10, 10;w=3600, 3;w=3600;name="by user"'))

    def test_a_report_after_the_request_is_charged_whole_where_the_limit_takes_debt(self):
        tokens = {"x_answer": json.dumps({"x-tokens": "130"})}
        self.assertEqual(self.ask("/tokens", "model", **tokens)[0], 200)
        eventually(lambda: self.service.left("edge", tokens="model") == 0, "the report was not charged")
        self.assertEqual(self.ask("/tokens", "model", **tokens)[0], 429)

    def test_without_overdraft_a_report_that_is_too_large_is_dropped(self):
        self.assertEqual(self.ask("/strict", "model", x_answer=json.dumps({"x-tokens": "40"}))[0], 200)
        eventually(lambda: self.service.left("edge", strict="model") == 60, "the report was not charged")
        self.assertEqual(self.ask("/strict", "model", x_answer=json.dumps({"x-tokens": "130"}))[0], 200)
        self.assertEqual(self.ask("/strict", "model", x_answer=json.dumps({"x-tokens": "1"}))[0], 200)
        eventually(lambda: self.service.left("edge", strict="model") == 59, "the third report was not charged")

    def test_negative_hits_are_given_back(self):
        self.assertEqual(self.ask("/slots", "worker", x_answer=json.dumps({"x-unused": "4"}))[0], 200)
        eventually(lambda: self.service.left("edge", slots="worker") == 9, "the hits were not given back")
        for _ in range(3):
            self.assertEqual(self.ask("/slots", "worker", x_answer=json.dumps({"x-unused": "50"}))[0], 200)
            eventually(lambda: self.service.left("edge", slots="worker") == 10, "never more than there is")

    def test_a_refusal_is_resource_exhausted_for_grpc_clients_where_envoy_is_told_so(self):
        grpc = {"content_type": "application/grpc", "te": "trailers"}
        for name, status in (("open", "14"), ("exhausted", "8")):
            for _ in range(3):
                self.ask("/user", f"grpc {name}", name=name)
            _, fields, _ = self.ask("/user", f"grpc {name}", name=name, **grpc)
            self.assertEqual(fields["grpc-status"], status, name)

    def test_ext_authz_as_documented_decides_by_rules(self):
        for left in (1, 0):
            status, fields, body = self.envoy.get("authz", "/login?next=/home")
            self.assertEqual((status, body), (200, "ok"))
        status, fields, body = self.envoy.get("authz", "/login")
        self.assertEqual(status, 429)
        self.assertEqual(json.loads(body)["violated-policies"], ["login"])
        self.assertGreater(int(fields["retry-after"]), 0)
        self.assertTrue(fields["ratelimit"].startswith('"login";r=0;t='), fields["ratelimit"])
        self.assertEqual(self.envoy.get("authz", "/elsewhere")[0], 200)

    def test_ext_authz_refuses_who_lacks_what_a_rule_counts_by(self):
        self.assertEqual(self.envoy.get("authz", "/api/x", {"x-api-key": "k"})[0], 200)
        status, _, body = self.envoy.get("authz", "/api/x")
        self.assertEqual(status, 403, body)

    def test_while_the_service_is_away_requests_pass_or_fail_as_envoy_is_told_and_then_limits_hold_again(self):
        cls = type(self)
        http_port, grpc_port = cls.service.http, cls.service.grpc
        for _ in range(3):
            self.ask("/user", "patient")
        self.assertEqual(self.ask("/user", "patient")[0], 429)
        cls.service.close()
        try:
            eventually(lambda: self.ask("/user", "patient")[0] == 200, "failure_mode_deny is false, and nothing passes")
            self.assertEqual(self.ask("/user", "patient", name="closed")[0], 500)
            self.assertEqual(self.envoy.get("authz", "/login")[0], 403)
        finally:
            cls.service = Service(PROGRAM, *cls.arguments, http_port=http_port, grpc_port=grpc_port)
        eventually(lambda: self.ask("/user", "patient", name="closed")[0] != 500, "Envoy does not come back")
        eventually(lambda: self.ask("/user", "patient")[0] == 429, "the limit does not hold again")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
