#!/usr/bin/env bash
# libstdc++ 12.2.0 (Debian 12, libstdc++-12-dev 12.2.0-14+deb12u1): what std::string::resize_and_overwrite tells its operation.
#
# s.resize_and_overwrite(n, op) calls op(p, n) with "n" itself (C++23, [string.capacity]), and op returns the new size; an
# operation that fills everything returns the count it was told. One would expect "asked for 20, told 20" always.
# libstdc++ 12 tells the new capacity, which is larger, whenever the string has to grow for it, and n where it has not. An
# operation that returns what it was told makes the string longer than was asked for, with bytes that nobody wrote.
#
# Seen:
#   must grow: asked for 20, told 30
#   has room: asked for 20, told 20
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libstdc++-12-dev=12.2.0-14+deb12u1 >/dev/null
dpkg -x libstdc++-12-dev_*.deb root
cat >program.cc <<'PROGRAM'
#include <cstdio>
#include <string>

int main() {
  for (const bool has_room : {false, true}) {
    std::string text(10, 'x');
    if (has_room) text.reserve(100);
    std::size_t told = 0;
    text.resize_and_overwrite(20, [&](char*, std::size_t count) {
      told = count;
      return std::size_t{10};
    });
    std::printf("%s: asked for 20, told %zu\n", has_room ? "has room" : "must grow", told);
  }
}
PROGRAM
headers=root/usr/include
g++ -std=c++23 -nostdinc++ -isystem $headers/c++/12 -isystem "$(echo $headers/*/c++/12)" program.cc -o program
./program | tee seen
diff - seen <<'SEEN'
must grow: asked for 20, told 30
has room: asked for 20, told 20
SEEN
