#!/usr/bin/env python3
"""Alerts, dashboard and runbooks against the metrics that there are: check_monitoring.py [--self-test]. See README.md."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# What Prometheus adds to every series.
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}
METRICS_OF_PROMETHEUS = {"up": set()}
# A metric, or what alerts.yaml records, with its selector.
NAME = re.compile(r"\b((?:rateguard|process)_[a-z0-9_]+|up|job:[a-z0-9_:]+)\b(\{[^}]*\})?")


@dataclass
class Texts:
    metrics: str  # docs/metrics.md
    alerts: str
    alert_tests: str
    dashboard: str
    runbooks: str

    @staticmethod
    def read():
        def text(path):
            return (ROOT / path).read_text()

        return Texts(text("docs/metrics.md"), text("deploy/prometheus/alerts.yaml"), text("deploy/prometheus/alerts_test.yaml"),
                     text("deploy/grafana/rateguard.json"), text("docs/runbooks.md"))


def known_metrics(page):
    """The labels of each metric in the tables of docs/metrics.md, with the series that a histogram consists of."""
    metrics = dict(METRICS_OF_PROMETHEUS)
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", page, re.MULTILINE):
        found = set(re.findall(r"`(\w+)`", labels))
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            metrics[name + suffix] = found
    return metrics


def expression_errors(place, expression, metrics, recorded):
    errors = []
    for name, selector in NAME.findall(expression):
        if name in recorded:
            continue
        if name not in metrics:
            errors.append(f"{place}: {name} is no metric of docs/metrics.md")
            continue
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector or ""))
        for label in sorted(labels - metrics[name] - LABELS_OF_PROMETHEUS):
            errors.append(f"{place}: {name} has no label {label}")
    if not NAME.search(expression):
        errors.append(f"{place}: names no metric")
    return errors


def check_alerts(texts):
    metrics = known_metrics(texts.metrics)
    rules = [rule for group in yaml.safe_load(texts.alerts)["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    errors = []
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        errors += expression_errors(f"alerts.yaml: {name}", rule["expr"], metrics, recorded)
        if "alert" not in rule:
            continue
        if rule.get("labels", {}).get("severity") not in ("warning", "critical"):
            errors.append(f"alerts.yaml: {name}: severity has to be warning or critical")
        if "summary" not in rule.get("annotations", {}):
            errors.append(f"alerts.yaml: {name}: has no summary")
        if rule.get("annotations", {}).get("runbook_url") != f"docs/runbooks.md#{name.lower()}":
            errors.append(f"alerts.yaml: {name}: runbook_url has to be docs/runbooks.md#{name.lower()}")
    return errors + check_runbooks(texts, [rule["alert"] for rule in rules if "alert" in rule])


def check_runbooks(texts, alerts):
    entries = re.findall(r"^### (\w+)$", texts.runbooks, re.MULTILINE)
    errors = [f"docs/runbooks.md: has no entry for {name}" for name in alerts if name not in entries]
    errors += [f"docs/runbooks.md: {name} is no alert" for name in entries if name not in alerts]
    expected = [entry for test in yaml.safe_load(texts.alert_tests)["tests"] for entry in test["alert_rule_test"]]
    for name in alerts:
        seen = {bool(entry["exp_alerts"]) for entry in expected if entry["alertname"] == name}
        if seen != {True, False}:
            errors.append(f"alerts_test.yaml: {name} has to be seen both firing and quiet")
    return errors


def overlaps(one, other):
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


def check_dashboard(texts):
    metrics = known_metrics(texts.metrics)
    panels = json.loads(texts.dashboard)["panels"]
    errors = []
    if len({panel["id"] for panel in panels}) != len(panels):
        errors.append("rateguard.json: two panels have the same id")
    for i, panel in enumerate(panels):
        place = f"rateguard.json: {panel['title']}"
        for other in panels[:i]:
            if overlaps(panel["gridPos"], other["gridPos"]):
                errors.append(f"{place}: covers {other['title']}")
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            errors.append(f"{place}: has no description")
        for target in panel["targets"]:
            errors += expression_errors(place, target["expr"], metrics, set())
    return errors


def check(texts):
    return check_alerts(texts) + check_dashboard(texts)


def self_test():
    """Breaks each rule, and sees it found."""
    good = Texts.read()
    cases = [
        ("alerts", "rateguard_store_evicted_total", "rateguard_store_evictions_total", "is no metric"),
        ("alerts", 'verdict="blocked"', 'answer="blocked"', "has no label answer"),
        ("alerts", "expr: rateguard_snapshot_age_seconds > 600", "expr: vector(1)", "names no metric"),
        ("alerts", "severity: critical", "severity: urgent", "severity has to be"),
        ("alerts", "#rateguarddown", "#down", "runbook_url has to be"),
        ("alert_tests", "{alertname: RateGuardDown, eval_time: 5m, exp_alerts: []}", "{alertname: RateGuardUp, eval_time: 5m, exp_alerts: []}", "firing and quiet"),
        ("runbooks", "### RateGuardDown", "### RateGuardGone", "has no entry for RateGuardDown"),
        ("runbooks", "### RateGuardDown", "### RateGuardGone", "RateGuardGone is no alert"),
        ("dashboard", "rateguard_store_memory_bytes", "rateguard_store_bytes", "is no metric"),
        ("dashboard", '"id": 3,', '"id": 2,', "the same id"),
        ("dashboard", '"y": 1\n', '"y": 0\n', "covers"),
        ("metrics", "| `rateguard_instances` |", "| `rateguard_members` |", "rateguard_instances is no metric"),
    ]
    failed = 0
    for field, text, broken, expected in cases:
        before = getattr(good, field)
        assert text in before, text
        errors = check(Texts(**{**vars(good), field: before.replace(text, broken)}))
        if not any(expected in error for error in errors):
            print(f"self-test: '{broken}' instead of '{text}' is not found: {errors}")
            failed = 1
    print(f"self-test: {len(cases)} faults are found" if not failed else "self-test: failed")
    return failed


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    errors = check(Texts.read())
    for error in errors:
        print(f"error: {error}")
    print(f"monitoring: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
