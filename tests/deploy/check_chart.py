#!/usr/bin/env python3
"""The Helm chart: check_chart.py HELM KUBERNETES_VALIDATE [--write]

Every value is documented, and switched once: the rendered text changes as it should, and is valid for three minor versions of
Kubernetes. Wrong values are refused with their path. The rendered manifests beside the chart, and the table of its README,
are what the chart gives: --write writes them.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/kubernetes"
CHART = FOLDER / "chart"
VERSIONS = ("1.35", "1.36", "1.37")
# The kinds of the Prometheus operator have no schema among Kubernetes' own.
FOREIGN_KINDS = {"ServiceMonitor", "PrometheusRule"}
MANIFESTS = FOLDER / "manifests/rateguard.yaml"
MANIFEST_VALUES = FOLDER / "manifests/values.yaml"
TABLE_BEGINS, TABLE_ENDS = "<!-- values -->\n", "<!-- end of values -->\n"

# Each value once: (path, value, what the rendered text has then and had not before, other values that it needs).
SWITCHES = [
    ("image.repository", "registry.example/rateguard", 'image: "registry.example/rateguard:', {}),
    ("image.tag", "9.9.9", 'image: "rateguard:9.9.9"', {}),
    ("image.digest", "sha256:" + "a" * 64, 'image: "rateguard@sha256:aaaa', {}),
    ("image.pullPolicy", "Always", "imagePullPolicy: Always", {}),
    ("imagePullSecrets", ["registry"], "imagePullSecrets:\n        - name: registry", {}),
    ("replicas", 7, "replicas: 7", {}),
    ("config", {"rules": [{"name": "all", "limit": "5/m"}]}, "limit: 5/m", {}),
    ("env", {"RATEGUARD_LOG_LEVEL": "debug"}, '{name: RATEGUARD_LOG_LEVEL, value: "debug"}', {}),
    ("envFromSecrets", ["tokens"], "- secretRef: {name: tokens}", {}),
    ("redis.url", "redis://redis:6379", '{name: RATEGUARD_REDIS, value: "redis://redis:6379"}', {}),
    ("redis.existingSecret", "redis", "secretKeyRef: {name: redis, key: url}", {}),
    ("redis.key", "address", "secretKeyRef: {name: redis, key: address}", {"redis.existingSecret": "redis"}),
    ("tls.existingSecret", "certificate", "scheme: HTTPS", {}),
    ("tls.clientAuthority", True, "tcpSocket: {port: http}", {"tls.existingSecret": "certificate"}),
    ("service.type", "LoadBalancer", "type: LoadBalancer", {}),
    ("service.annotations", {"example.org/a": "b"}, "example.org/a: b", {}),
    ("service.headless", False, "", {}),
    ("ports.http", 9080, 'value: "0.0.0.0:9080"', {}),
    ("ports.grpc", 9081, 'value: "0.0.0.0:9081"', {}),
    ("ports.resp", 0, '{name: RATEGUARD_RESP, value: "off"}', {}),
    ("resources", {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}}, "cpu: \"2\"", {}),
    ("autoscaling.enabled", True, "kind: HorizontalPodAutoscaler", {}),
    ("autoscaling.minReplicas", 5, "minReplicas: 5", {"autoscaling.enabled": True}),
    ("autoscaling.maxReplicas", 50, "maxReplicas: 50", {"autoscaling.enabled": True}),
    ("autoscaling.cpuPercent", 70, "averageUtilization: 70", {"autoscaling.enabled": True}),
    ("autoscaling.decisionsPerSecond", 100000, 'averageValue: "100000"', {"autoscaling.enabled": True}),
    ("autoscaling.scaleUpSeconds", 30, "scaleUp: {stabilizationWindowSeconds: 30}", {"autoscaling.enabled": True}),
    ("autoscaling.scaleDownSeconds", 600, "scaleDown: {stabilizationWindowSeconds: 600}", {"autoscaling.enabled": True}),
    ("podDisruptionBudget.enabled", False, "", {}),
    ("podDisruptionBudget.maxUnavailable", "25%", "maxUnavailable: 25%", {}),
    ("spread", "DoNotSchedule", "whenUnsatisfiable: DoNotSchedule", {}),
    ("affinity", {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}, "podAntiAffinity:", {}),
    ("nodeSelector", {"disk": "fast"}, "disk: fast", {}),
    ("tolerations", [{"key": "edge", "operator": "Exists"}], "key: edge", {}),
    ("priorityClassName", "critical", "priorityClassName: critical", {}),
    ("podAnnotations", {"example.org/pod": "a"}, "example.org/pod: a", {}),
    ("podLabels", {"team": "edge"}, "team: edge", {}),
    ("serviceAccount.create", False, "serviceAccountName: default", {}),
    ("serviceAccount.name", "limiter", "serviceAccountName: limiter", {}),
    ("serviceAccount.annotations", {"example.org/identity": "limiter"}, "example.org/identity: limiter", {}),
    ("networkPolicy.enabled", True, "kind: NetworkPolicy", {}),
    ("networkPolicy.from", [{"namespaceSelector": {"matchLabels": {"team": "web"}}}], "team: web", {"networkPolicy.enabled": True}),
    ("networkPolicy.metricsFrom", [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}], "team: ops", {"networkPolicy.enabled": True}),
    ("networkPolicy.redisTo", [{"ipBlock": {"cidr": "10.0.0.5/32"}}], "cidr: 10.0.0.5/32", {"networkPolicy.enabled": True}),
    ("networkPolicy.redisPort", 6390, "port: 6390", {"networkPolicy.enabled": True, "redis.url": "redis://redis:6390"}),
    ("serviceMonitor.enabled", True, "kind: ServiceMonitor", {}),
    ("serviceMonitor.interval", "5s", "interval: 5s", {"serviceMonitor.enabled": True}),
    ("serviceMonitor.labels", {"release": "prometheus"}, "release: prometheus", {"serviceMonitor.enabled": True}),
    ("serviceMonitor.tokenSecret", "tokens", "credentials: {name: tokens, key: token}", {"serviceMonitor.enabled": True}),
    ("serviceMonitor.tokenKey", "metrics", "credentials: {name: tokens, key: metrics}", {"serviceMonitor.enabled": True, "serviceMonitor.tokenSecret": "tokens"}),
    ("prometheusRule.enabled", True, "alert: RateGuardDown", {}),
    ("prometheusRule.labels", {"role": "alerts"}, "role: alerts", {"prometheusRule.enabled": True}),
    ("preStopSeconds", 20, "sleep: {seconds: 20}", {}),
    ("drainSeconds", 60, "terminationGracePeriodSeconds: 80", {}),
    ("persistence.enabled", True, "kind: StatefulSet", {}),
    ("persistence.storageClass", "fast", "storageClassName: fast", {"persistence.enabled": True}),
    ("persistence.size", "20Gi", "storage: 20Gi", {"persistence.enabled": True}),
]

# (values, what the message names)
WRONG = [
    ({"replicas": "many"}, "/replicas"),
    ({"replica": 3}, "'replica' not allowed"),
    ({"autoscaling": {"minReplica": 3}}, "/autoscaling"),
    ({"redis": {"url": "redis://user:password@redis"}}, "/redis/url"),
    ({"env": {"LOG_LEVEL": "debug"}}, "/env"),
    ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    ({"image": {"digest": "latest"}}, "/image/digest"),
    ({"ports": {"http": 80}}, "/ports/http"),
    ({"persistence": {"size": "much"}}, "/persistence/size"),
    ({"spread": "Never"}, "/spread"),
]


def nested(flat):
    """{"a.b": 1} as {"a": {"b": 1}}."""
    out = {}
    for path, value in flat.items():
        at = out
        *above, last = path.split(".")
        for name in above:
            at = at.setdefault(name, {})
        at[last] = value
    return out


def leaves(values, path=""):
    """Paths of the values that the chart documents one by one: maps that are empty, or whose keys are the user's, are leaves."""
    for name, value in values.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and value and name not in ("config", "resources"):
            yield from leaves(value, here + ".")
        else:
            yield here


def documented(text):
    """(path, default, meaning) of every value with a line `# -- meaning` above it, in the order of the file."""
    found, path, meaning = [], [], ""
    for line in text.splitlines():
        comment = re.match(r"\s*# -- (.*)", line)
        entry = re.match(r"( *)([A-Za-z]+):\s*(.*)", line)
        if comment:
            meaning = comment.group(1)
        elif entry:
            path = path[:len(entry.group(1)) // 2] + [entry.group(2)]
            if meaning:
                found.append((".".join(path), entry.group(3), meaning))
            meaning = ""
    return found


class Chart:
    def __init__(self, helm, validate):
        self.helm, self.validate = helm, validate
        self.errors = []

    def render(self, values):
        """(exit code, what helm printed). The namespace and name are those of the manifests beside the chart."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(values, file)
            file.flush()
            run = subprocess.run([self.helm, "template", "rateguard", CHART, "--namespace", "rateguard", "--kube-version", VERSIONS[-1], "--values", file.name],
                                 capture_output=True, text=True, check=False)
        return run.returncode, run.stdout if run.returncode == 0 else run.stderr

    def check_valid(self, place, text, versions=VERSIONS):
        """By Kubernetes' own schemas. The tool stops at the first fault of a file, so each object is a file of its own."""
        with tempfile.TemporaryDirectory() as folder:
            for i, entry in enumerate(yaml.safe_load_all(text)):
                if entry and entry["kind"] not in FOREIGN_KINDS:
                    (Path(folder) / f"{i}-{entry['kind']}.yaml").write_text(yaml.safe_dump(entry))
            files = sorted(str(file) for file in Path(folder).iterdir())
            for version in versions:
                run = subprocess.run([self.validate, "--strict", "--no-warn", "-k", version, *files], capture_output=True, text=True, check=False)
                if run.returncode != 0:
                    self.errors.append(f"{place}: Kubernetes {version}: {run.stdout.strip()} {run.stderr.strip()}")

    def check_restricted(self, place, text):
        """What Pod Security's level `restricted` asks for, and a read-only root besides."""
        for entry in yaml.safe_load_all(text):
            if not entry or entry["kind"] not in ("Deployment", "StatefulSet"):
                continue
            pod = entry["spec"]["template"]["spec"]
            good = pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
            for container in pod["containers"]:
                context = container["securityContext"]
                good = good and context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"] and context["capabilities"]["drop"] == ["ALL"]
            needed = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            drain = next(int(each["value"].rstrip("s")) for each in pod["containers"][0]["env"] if each["name"] == "RATEGUARD_LISTEN_DRAIN_GRACE")
            if not good:
                self.errors.append(f"{place}: {entry['kind']} is not restricted")
            if pod["terminationGracePeriodSeconds"] < needed + drain + 10:
                self.errors.append(f"{place}: the grace period does not cover preStop and the drain")

    def check_switches(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        untried = set(leaves(values)) - {path for path, *_ in SWITCHES}
        self.errors += [f"values.yaml: {path} is not switched by this test" for path in sorted(untried)]
        for path, value, expected, needed in SWITCHES:
            before = self.render(nested(needed))[1]
            code, after = self.render(nested({**needed, path: value}))
            if code != 0:
                self.errors.append(f"{path}: {after}")
                continue
            if after == before or expected not in after or (expected and expected in before):
                self.errors.append(f"{path}: set to {value!r}, the rendered text does not change to '{expected}'")
            self.check_valid(path, after, VERSIONS[-1:])
            self.check_restricted(path, after)

    def check_wrong_values(self):
        for values, expected in WRONG:
            code, message = self.render(values)
            if code == 0 or expected not in message:
                self.errors.append(f"{values}: expected a refusal that names {expected}: {message[:300]}")

    def check_documents(self, write):
        text = (CHART / "values.yaml").read_text()
        known = documented(text)
        missing = set(leaves(yaml.safe_load(text))) - {path for path, *_ in known}
        self.errors += [f"values.yaml: {path} is not documented" for path in sorted(missing)]
        table = "| value | default | meaning |\n|---|---|---|\n" + "".join(
            f"| `{path}` | {f'`{default}`' if default else ''} | {meaning} |\n" for path, default, meaning in known)
        page = FOLDER / "README.md"
        before, rest = page.read_text().split(TABLE_BEGINS)
        self.compare(page, before + TABLE_BEGINS + table + TABLE_ENDS + rest.split(TABLE_ENDS)[1], write)
        code, manifests = self.render(yaml.safe_load(MANIFEST_VALUES.read_text()))
        if code != 0:
            return self.errors.append(f"manifests/values.yaml: {manifests}")
        self.compare(MANIFESTS, "# Rendered from ../chart with values.yaml: tests/deploy/check_chart.py --write\n" + manifests, write)
        self.check_valid("manifests", manifests)
        alerts = (ROOT / "deploy/prometheus/alerts.yaml").read_text()
        return self.compare(CHART / "alerts.yaml", alerts, write)

    def compare(self, file, text, write):
        if write:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            self.errors.append(f"{file.relative_to(ROOT)}: is not what the chart gives; run check_chart.py --write")

    def check_examples(self):
        for file in sorted((FOLDER / "examples").glob("*.yaml")):
            own = [entry for entry in yaml.safe_load_all(file.read_text()) if entry and re.fullmatch(r"v1|apps/v1|networking\.k8s\.io/v1|batch/v1", entry["apiVersion"])]
            if own:
                self.check_valid(file.name, yaml.safe_dump_all(own))


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    if len(words) != 2:
        raise SystemExit(__doc__)
    chart = Chart(*words)
    lint = subprocess.run([chart.helm, "lint", "--strict", "--quiet", CHART], capture_output=True, text=True, check=False)
    if lint.returncode != 0:
        chart.errors.append(f"helm lint: {lint.stdout}{lint.stderr}")
    chart.check_documents("--write" in sys.argv)
    chart.check_valid("defaults", chart.render({})[1])
    chart.check_switches()
    chart.check_wrong_values()
    chart.check_examples()
    for error in chart.errors:
        print(f"error: {error}")
    print(f"chart: {len(SWITCHES)} values switched, {len(WRONG)} wrong ones refused, {len(chart.errors)} errors")
    return 1 if chart.errors else 0


if __name__ == "__main__":
    sys.exit(main())
