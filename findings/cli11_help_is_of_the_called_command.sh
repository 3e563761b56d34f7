#!/usr/bin/env bash
# CLI11 2.1.2 (Debian 12, libcli11-dev 2.1.2+ds-1): help of the whole program, asked for after a subcommand was parsed.
#
# One would expect app.help() to be the help of `app`, as its documentation says ("Makes a help message, using the currently
# configured formatter"). Once app.parse() has met a subcommand, app.help() is the help of that subcommand, so a program whose
# own `help` command prints app.help() explains `help` and lists no other command. The formatter's make_help(&app, ...) is
# that of the program.
#
# Seen:
#   before parsing, app.help() lists serve: yes
#   after parsing `help`, app.help() lists serve: no
#   after parsing `help`, make_help(&app) lists serve: yes
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libcli11-dev=2.1.2+ds-1 >/dev/null
dpkg -x libcli11-dev_*.deb root
cat >program.cc <<'PROGRAM'
#include <CLI/CLI.hpp>
#include <cstdio>

const char* lists_serve(const std::string& help) { return help.find("serve") != std::string::npos ? "yes" : "no"; }

int main() {
  CLI::App app("A program", "program");
  app.add_subcommand("serve", "Runs it");
  app.add_subcommand("help", "Explains it");
  std::printf("before parsing, app.help() lists serve: %s\n", lists_serve(app.help()));
  app.parse("help");
  std::printf("after parsing `help`, app.help() lists serve: %s\n", lists_serve(app.help()));
  const std::string made = app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
  std::printf("after parsing `help`, make_help(&app) lists serve: %s\n", lists_serve(made));
}
PROGRAM
g++ -std=c++17 -Iroot/usr/include program.cc -o program
./program | tee seen
diff - seen <<'SEEN'
before parsing, app.help() lists serve: yes
after parsing `help`, app.help() lists serve: no
after parsing `help`, make_help(&app) lists serve: yes
SEEN
