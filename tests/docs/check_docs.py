#!/usr/bin/env python3
"""Runs the code blocks of README.md and docs/ against the built program: check_docs.py PROGRAM [PAGE...]. See README.md."""

import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays clean

from blocks import commands_of, read_blocks  # noqa: E402
from compare import agrees  # noqa: E402
from runner import Runner  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SHOWN_BYTES_MAX = 4_000


class Checker:
    def __init__(self, program):
        self.program = program
        self.errors = []
        self.run = 0
        self.not_run = []

    def check_page(self, path):
        page = str(path.relative_to(ROOT))
        with tempfile.TemporaryDirectory() as folder:
            runner = Runner(self.program, ROOT, folder)
            try:
                self.check_blocks(runner, read_blocks(page, path.read_text()))
            finally:
                runner.close()

    def check_blocks(self, runner, blocks):
        for block in blocks:
            reason = block.directive("not run")
            if reason is not None:
                if not reason:
                    self.errors.append(f"{block.place()}: is not run, and does not say why")
                self.not_run.append((block.place(), reason))
            elif not block.text:
                self.prepare(runner, block)
            elif block.is_session():
                self.run += 1
                self.check_session(runner, block)
            elif block.has("file"):
                self.run += 1
                runner.write_file(block.directive("file"), block.text)
                if block.language == "yaml":
                    self.check_yaml(runner, block, block.directive("file"))
            elif block.language == "yaml":
                self.run += 1
                runner.write_file(".block.yaml", block.text)
                self.check_yaml(runner, block, ".block.yaml")
            else:
                self.errors.append(f"{block.place()}: is neither run nor marked <!-- not run: REASON -->")

    def prepare(self, runner, block):
        name, value = block.directives[0]
        if name == "file":
            file, text = value.split("\n", 1)
            return runner.write_file(file.strip(), text + "\n")
        for line in value.split("\n"):
            code, printed = runner.run(("rateguard serve " if name == "serve" else "") + line)
            if code != 0:
                self.errors.append(f"{block.place()}: {line}: exit code {code}: {printed}")

    def check_session(self, runner, block):
        commands = commands_of(block)
        for command in commands:
            code, printed = runner.run(command.text)
            place = f"{block.page}:{command.line}: $ {command.text}"
            if not command.expected:
                # Refused (check) is no failure of the command.
                if code not in (0, 1):
                    self.errors.append(f"{place}\n  exit code {code}: {printed[:SHOWN_BYTES_MAX]}")
            elif not agrees(command.expected, printed, block.has("numbers vary")):
                self.errors.append(f"{place}\n--- the page shows\n{command.expected}\n--- the program prints\n{printed[:SHOWN_BYTES_MAX]}")

    def check_yaml(self, runner, block, file):
        envoy = "--envoy " if "domain:" in block.text else ""
        code, printed = runner.run(f"rateguard validate {envoy}{file}")
        if code != 0:
            self.errors.append(f"{block.place()}: does not load\n{printed}")


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    pages = [Path(page).resolve() for page in sys.argv[2:]]
    pages = pages or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    checker = Checker(Path(sys.argv[1]).resolve())
    for page in pages:
        checker.check_page(page)
    for place, reason in checker.not_run:
        print(f"not run: {place}: {reason}")
    for error in checker.errors:
        print(f"error: {error}")
    print(f"docs: {checker.run} blocks run, {len(checker.not_run)} not run for a reason, {len(checker.errors)} errors, on {len(pages)} pages")
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
