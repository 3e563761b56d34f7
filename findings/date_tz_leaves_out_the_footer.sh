#!/usr/bin/env bash
# Software: Debian 12's libhowardhinnant-date-dev 3.0.1+ds-5, which reads the zone files in /usr/share/zoneinfo. There it is shown those
#           of tzdata 2025.2 (PyPI), compiled as Debian compiles them (zic -b fat), in a mount namespace of its own (needs apt-get
#           download, dpkg-deb, g++, python3 with venv, zic, and unshare as root or with user namespaces allowed).
# Expected: a time_zone of the library tells the offset of any instant, as zoneinfo does from the same file.
# Seen:     it reads the changes that a file lists and never the rule in its footer (RFC 9636, section 3.3), and keeps the offset of
#           the last listed change for ever. Debian's files list changes up to 2037: from then on summer never comes. Files that zic
#           compiles by its own default list none after the rule began: there it is wrong today.
# Output:   2037-07-01 Europe/Berlin: date-tz 7200, zoneinfo 7200
#           2045-07-01 Europe/Berlin: date-tz 3600, zoneinfo 7200
#           2045-07-01 America/New_York: date-tz -18000, zoneinfo -14400
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libhowardhinnant-date-dev=3.0.1+ds-5 libdate-tz3=3.0.1+ds-5 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" .; done
cat >offset.cc <<'CC'
#include <date/tz.h>

#include <cstdio>
#include <cstdlib>

// offset ZONE SECONDS: how many seconds the zone's clocks are ahead of UTC at an instant since the Unix epoch.
int main(int, char** arguments) {
  const auto instant = date::sys_seconds(std::chrono::seconds(std::atoll(arguments[2])));
  std::printf("%lld\n", static_cast<long long>(date::locate_zone(arguments[1])->get_info(instant).offset.count()));
}
CC
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tzdata==2025.2
/usr/sbin/zic -b fat -d zones "$(echo venv/lib/python3*/site-packages/tzdata/zoneinfo/tzdata.zi)"
library=$(echo usr/lib/*/libdate-tz.so.3)
g++ -std=c++17 -DUSE_OS_TZDB=1 -DHAS_REMOTE_API=0 -Iusr/include offset.cc "$library" -o offset
export LD_LIBRARY_PATH=$folder/${library%/*}
# In there, what is in zones is /usr/share/zoneinfo.
with_zones() {
  unshare --map-root-user --mount bash -c 'mount --bind zones /usr/share/zoneinfo && exec "$@"' bash "$@"
}
show() {
  with_zones python3 - "$1" "$2" "$(with_zones ./offset "$2" "$(date -ud "$1 12:00" +%s)")" <<'SCRIPT'
import datetime
import sys
import zoneinfo

day, zone, seen = sys.argv[1:]
instant = datetime.datetime.fromisoformat(day + "T12:00+00:00").astimezone(zoneinfo.ZoneInfo(zone))
print(f"{day} {zone}: date-tz {seen}, zoneinfo {int(instant.utcoffset().total_seconds())}")
SCRIPT
}
seen=$(show 2037-07-01 Europe/Berlin; show 2045-07-01 Europe/Berlin; show 2045-07-01 America/New_York)
echo "$seen"
[ "$seen" = '2037-07-01 Europe/Berlin: date-tz 7200, zoneinfo 7200
2045-07-01 Europe/Berlin: date-tz 3600, zoneinfo 7200
2045-07-01 America/New_York: date-tz -18000, zoneinfo -14400' ]
