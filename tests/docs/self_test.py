#!/usr/bin/env python3
"""Shows that check_docs.py finds what is wrong with a page, and only that."""

import sys

sys.dont_write_bytecode = True  # the source tree stays clean

from blocks import read_blocks  # noqa: E402
from check_docs import Checker  # noqa: E402

GOOD = """
<!-- file: rules.yaml -->
```yaml
rules: []
```
<!-- file: hidden.txt
a
b
-->
<!-- setup: true -->

```console
$ count to three
one
...three
$ say \\
    hello
hello
$ quiet
```

<!-- numbers vary -->
```console
$ measure
12,345 requests in 6.7 s
```

<!-- not run: a picture -->
```
+--+
```
"""

# What a page says, and what has to be said about it; all are errors.
BAD = {
    "```\nls\n```\n": "p.md:1: is neither run nor marked",
    "<!-- not run: -->\n```\nls\n```\n": "does not say why",
    "<!-- not run: a picture -->\nText between.\n\n```\nls\n```\n": "p.md:4: is neither run nor marked",
    "```console\n$ measure\n12 requests\n```\n": "$ measure",
    "<!-- numbers vary -->\n```console\n$ measure\n9 answers in 9 s\n```\n": "$ measure",
    "```console\n$ count to three\none\n```\n": "two",
    "```console\n$ count to three\ntwo\n...\n```\n": "$ count to three",
    "```console\n$ fail\n```\n": "exit code 3",
    "<!-- setup: fail -->\n": "exit code 3",
    "```yaml\nbad: yes\n```\n": "does not load",
}


class FakeRunner:
    def __init__(self):
        self.files = {}

    def write_file(self, name, text):
        self.files[name] = text

    def run(self, command):
        if command.startswith("rateguard validate "):
            return (3, "bad") if "bad" in self.files[command.split()[-1]] else (0, "")
        answers = {"count to three": "one\ntwo\nthree\n", "say hello": "hello\n", "quiet": "any\n", "true": "",
                   "measure": "98 requests in 1.5 s\n", "fail": "no"}
        return (3 if command == "fail" else 0), answers[command]


def errors_of(text):
    checker = Checker("none")
    runner = FakeRunner()
    checker.check_blocks(runner, read_blocks("p.md", text))
    return checker, runner


def main():
    failures = []
    checker, runner = errors_of(GOOD)
    if checker.errors or checker.run != 3 or checker.not_run != [("p.md:29", "a picture")]:
        failures.append(f"a good page: {checker.errors}, {checker.run} run, {checker.not_run}")
    if runner.files != {"rules.yaml": "rules: []\n", "hidden.txt": "a\nb\n"}:
        failures.append(f"files of a good page: {runner.files}")
    for text, wanted in BAD.items():
        checker, _ = errors_of(text)
        if len(checker.errors) != 1 or wanted not in checker.errors[0]:
            failures.append(f"{text!r}: {checker.errors}, expected {wanted!r}")
    for failure in failures:
        print(f"error: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
