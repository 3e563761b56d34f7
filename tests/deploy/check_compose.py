#!/usr/bin/env python3
"""deploy/docker/compose.yaml, as far as that can be told without running it: check_compose.py"""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/docker/compose.yaml"


def check_service(name, service, version):
    errors = []
    image = service["image"]
    if not re.search(r":v?\d+\.\d+\.\d+", image):
        errors.append(f"{name}: the image {image} has no whole version")
    if image.startswith("rateguard:") and image != f"rateguard:{version}":
        errors.append(f"{name}: the image is {image}, the program {version}")
    for volume in service.get("volumes", []):
        source, _, mode = volume.split(":")
        if not (FILE.parent / source).exists():
            errors.append(f"{name}: mounts {source}, which does not exist")
        if mode != "ro":
            errors.append(f"{name}: mounts {source} so that it can be written to")
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            errors.append(f"{name}: opens {port} on all addresses of the host")
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        errors.append(f"{name}: keeps capabilities")
    return errors


def main():
    services = yaml.safe_load(FILE.read_text())["services"]
    version = re.search(r"project\(rateguard VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    errors = [error for name, service in services.items() for error in check_service(name, service, version)]
    small = {name for name, service in services.items() if not service.get("profiles")}
    if small != {"rateguard-1", "redis"}:
        errors.append(f"without a profile it starts {', '.join(sorted(small))}; expected one instance and the Redis")
    ports = [port.rsplit(":", 1)[0] for service in services.values() for port in service.get("ports", [])]
    if len(set(ports)) != len(ports):
        errors.append("two services open the same port of the host")
    scrapes = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())["scrape_configs"]
    targets = {target.split(":")[0] for target in scrapes[0]["static_configs"][0]["targets"]}
    instances = {name for name, service in services.items() if service["image"].startswith("rateguard:")}
    if targets != instances:
        errors.append(f"Prometheus scrapes {sorted(targets)}, the instances are {sorted(instances)}")
    chart = yaml.safe_load((ROOT / "deploy/kubernetes/chart/Chart.yaml").read_text())
    if chart["appVersion"] != version:
        errors.append(f"the chart is for {chart['appVersion']}, the program is {version}")
    for error in errors:
        print(f"error: {error}")
    print(f"compose: {len(services)} services, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
