#!/usr/bin/env python3
"""Runs the tests of `limits` for storages with ours in place of theirs: foreign_suite.py FOLDER, in an environment that has limits.

The tests are in the source package on PyPI, of the version that is installed. Those of fixed windows are run, for the blocking
storage; moving windows and sliding window counters our storage does not offer, and the rest is about Redis, Memcached and MongoDB.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

OURS = """

import os  # noqa: E402

import pytest  # noqa: E402
import rateguard_service.limits_storage  # noqa: E402, F401

_ARGS = {"deadline_ms": 5000}
all_storage = pytest.mark.parametrize("uri, args, fixture", [("rateguard://" + os.environ["RATEGUARD_HTTP"], _ARGS, None)])
"""
# In place of databases that are emptied, each test has a prefix of its own.
CONFTEST = """
import secrets
import pytest
from rateguard_service import limits_storage

@pytest.fixture(autouse=True)
def own_prefix(monkeypatch):
    opened, prefix = limits_storage._Counter._open, secrets.token_hex(8)
    monkeypatch.setattr(limits_storage._Counter, "_open", lambda self, uri, kind, options: opened(self, uri, kind, {**options, "prefix": prefix}))
"""


def main():
    folder = Path(sys.argv[1]) / "suite"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name = f"limits=={version('limits')}"
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", "limits", "-d", folder, name], check=True)
    with tarfile.open(next(folder.glob("limits-*.tar.gz"))) as archive:
        archive.extractall(folder, [member for member in archive.getmembers() if "/tests/" in member.name and member.isfile()])
    root = next(folder.glob("limits-*/"))
    (root / "tests" / "conftest.py").write_text(CONFTEST)
    with (root / "tests" / "utils.py").open("a") as utils:
        utils.write(OURS)
    (root / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\nmarkers =\n    flaky\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "FixedWindow", "tests/test_strategy.py"]
    run = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    last = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else "nothing ran"
    print(f"the suite of {name}, fixed windows: {last}")
    if run.returncode != 0:
        print(run.stdout + run.stderr)
    shutil.rmtree(folder)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
