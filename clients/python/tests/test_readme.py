"""What README.md shows works when it is pasted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENT_MS, address

PAGE = (Path(__file__).resolve().parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NEEDS = {"fastapi": "fastapi", "flask": "flask", "slowapi": "slowapi"}
ASK = """
import sys
if hasattr(app, "test_client"):
    answer = app.test_client().get("/")
    text, fields = answer.text, answer.headers
else:
    import asyncio
    import httpx

    async def ask():
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as asking:
            return await asking.get("/")

    answer = asyncio.run(ask())
    text, fields = answer.json(), answer.headers
assert answer.status_code == 200, answer.status_code
assert text == "hello", text
if "slowapi" not in sys.modules:
    assert "RateLimit" in fields, dict(fields)
"""


def test_there_are_examples():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_example_runs_as_it_stands(number, tmp_path):
    block = BLOCKS[number]
    for word, package in NEEDS.items():
        if word in block:
            pytest.importorskip(package)
    text = block.replace("127.0.0.1:8080", address("RATEGUARD_HTTP")).replace("127.0.0.1:6380", address("RATEGUARD_RESP"))
    text = re.sub(r'RateGuard\(("[^"]*")', rf"RateGuard(\1, deadline_ms={PATIENT_MS}", text)
    script = tmp_path / "app.py"
    script.write_text(text + (ASK if "app = " in block else ""))
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    if "app = " not in block:
        assert run.stdout.startswith("9 of 10 left"), run.stdout + run.stderr
