#!/usr/bin/env bash
# CLI11 2.1.2 (Debian 12, libcli11-dev 2.1.2+ds-1): the validator Range and "nan".
#
# One would expect CLI::Range(1.0, 100.0) to let numbers from 1 to 100 pass and nothing else. It looks whether the number is
# below the least or above the most; NaN is neither, so it passes, and the program goes on with it. PositiveNumber and
# NonNegativeNumber are Ranges too.
#
# Seen:
#   100: passes
#   101: Value 101 not in range 1.000000 to 100.000000
#   nan: passes
#   nan as a PositiveNumber: passes
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libcli11-dev=2.1.2+ds-1 >/dev/null
dpkg -x libcli11-dev_*.deb root
cat >program.cc <<'PROGRAM'
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

void show(const char* name, std::string problem) { std::printf("%s: %s\n", name, problem.empty() ? "passes" : problem.c_str()); }

int main() {
  const CLI::Range range(1.0, 100.0);
  for (const char* text : {"100", "101", "nan"}) show(text, range(std::string(text)));
  show("nan as a PositiveNumber", CLI::PositiveNumber(std::string("nan")));
}
PROGRAM
g++ -std=c++17 -Iroot/usr/include program.cc -o program
./program | tee seen
diff - seen <<'SEEN'
100: passes
101: Value 101 not in range 1.000000 to 100.000000
nan: passes
nan as a PositiveNumber: passes
SEEN
