#!/usr/bin/env bash
# Boost.JSON 1.81.0 (Debian 12, libboost1.81-dev 1.81.0-5+deb12u1): a number whose exponent has many digits.
#
# JSON sets no bound to the digits of an exponent (RFC 8259, section 6), and 0e9999999999 is zero. One would expect a parser to
# read it as zero, as Python's json does, or to leave its range to the reader where the parser hands out the number's text.
# Boost.JSON calls the text an error, "exponent overflow", if the exponent has ten digits, also with basic_parser, which gives a
# handler the number as it is written.
#
# Seen:
#   Python: 0.0
#   Boost.JSON 0e99: 0
#   Boost.JSON 0e9999999999: exponent overflow
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libboost1.81-dev=1.81.0-5+deb12u1 >/dev/null
dpkg -x libboost1.81-dev_*.deb root
cat >program.cc <<'PROGRAM'
#include <boost/json/src.hpp>
#include <cstdio>

int main() {
  for (const char* text : {"0e99", "0e9999999999"}) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(text, error);
    if (error) {
      std::printf("Boost.JSON %s: %s\n", text, error.message().c_str());
    } else {
      std::printf("Boost.JSON %s: %g\n", text, value.to_number<double>());
    }
  }
}
PROGRAM
g++ -std=c++17 -O0 -Iroot/usr/include program.cc -o program
{
  echo "Python: $(python3 -c 'import json; print(json.loads("0e9999999999"))')"
  ./program
} | tee seen
diff - seen <<'SEEN'
Python: 0.0
Boost.JSON 0e99: 0
Boost.JSON 0e9999999999: exponent overflow
SEEN
