#!/usr/bin/env bash
# Software: python-dateutil 2.9.0.post0 (PyPI; needs python3 with venv), dateutil.tz.tzfile(), with the zone files of tzdata 2026.6 (PyPI).
# Expected: the offsets from UTC that Python's zoneinfo reads from the same files.
# Seen:     every zone is UTC, without an error. dateutil reads the first part of a file only, with 32-bit instants, which zic has
#           left empty since its default became `-b slim` (2020b). Debian compiles its files with `-b fat`: with those
#           dateutil is right up to 2037, so the same program changes its answers with the place of the database.
# Output:   Europe/Berlin    dateutil 0:00:00  zoneinfo 2:00:00
#           America/New_York dateutil 0:00:00  zoneinfo -1 day, 20:00:00
#           Asia/Tokyo       dateutil 0:00:00  zoneinfo 9:00:00
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0 tzdata==2026.6
cat >compare.py <<'SCRIPT'
import datetime
import pathlib
import zoneinfo

import tzdata
from dateutil import tz

files = pathlib.Path(tzdata.__file__).parent / "zoneinfo"
zoneinfo.reset_tzpath([str(files)])
for name in ("Europe/Berlin", "America/New_York", "Asia/Tokyo"):
    day = datetime.datetime(2026, 7, 1)
    by_dateutil = day.replace(tzinfo=tz.tzfile(str(files / name))).utcoffset()
    by_zoneinfo = day.replace(tzinfo=zoneinfo.ZoneInfo(name)).utcoffset()
    print(f"{name:16} dateutil {by_dateutil}  zoneinfo {by_zoneinfo}")
SCRIPT
seen=$(venv/bin/python compare.py)
echo "$seen"
[ "$seen" = 'Europe/Berlin    dateutil 0:00:00  zoneinfo 2:00:00
America/New_York dateutil 0:00:00  zoneinfo -1 day, 20:00:00
Asia/Tokyo       dateutil 0:00:00  zoneinfo 9:00:00' ]
