#!/usr/bin/env python3
"""Compares calendar windows in every zone with Python's zoneinfo: check_time_zones.py PROGRAM [SOURCE]. See README.md."""

import datetime
import subprocess
import sys
import tempfile
import zoneinfo
from pathlib import Path

SOURCE = "/usr/share/zoneinfo/tzdata.zi"
BEGIN = datetime.date(2024, 1, 1)
END = datetime.date(2046, 1, 1)
DAY = datetime.timedelta(days=1)
NO_ZONE = "Factory"  # says that no zone was ever set; the program refuses it
ZONES_MIN = 500  # 2024a has 597 with its links; fewer mean that zic compiled something else


def compile_zones(source, style, folder):
    subprocess.run(["/usr/sbin/zic", "-b", style, "-d", folder, source], check=True, stderr=subprocess.DEVNULL)
    names = {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}
    return sorted(names - {NO_ZONE})


def windows_of(program, folder, names):
    done = subprocess.run([program, folder], input="\n".join(names) + "\n", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{program}: {done.stderr}")
    windows = {}
    for line in done.stdout.splitlines():
        name, unit, *starts = line.split()
        windows.setdefault(name, {})[unit] = [int(start) for start in starts]
    return windows


def first_instant_of(date, zone):
    """The first second at which the zone's clocks show that date's midnight or more."""
    midnight = datetime.datetime(date.year, date.month, date.day)
    at = int(midnight.replace(tzinfo=zone, fold=0).timestamp())

    def shown(second):
        return datetime.datetime.fromtimestamp(second, zone).replace(tzinfo=None)

    if shown(at) == midnight:
        return at
    # The clocks skip midnight. Python counts on from before the skip, so `at` is the skip or after it: look for it.
    before = at - 86_400
    while at - before > 1:
        middle = (at + before) // 2
        if shown(middle) < midnight:
            before = middle
        else:
            at = middle
    return at


def begins_unit(date, unit):
    return {"day": True, "week": date.weekday() == 0, "month": date.day == 1, "year": date.day == date.month == 1}[unit]


def expected_windows(zone):
    """Starts of windows by unit, from the one that holds the first instant of 2024 in UTC."""
    # The window of the first instant may begin before it, by up to a week more than an offset.
    begin_s = int(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    end_s = int(datetime.datetime(2046, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    starts = {"day": [], "week": [], "month": [], "year": []}
    date = datetime.date(2023, 1, 1)
    while date <= END + DAY:
        if date >= BEGIN - 9 * DAY or date.day == 1:
            at = first_instant_of(date, zone)
            for unit, known in starts.items():
                if begins_unit(date, unit) and at < end_s and (not known or known[-1] != at):
                    known.append(at)
        date += DAY
    for known in starts.values():
        while len(known) > 1 and known[1] <= begin_s:
            del known[0]
    return starts


def main():
    program = sys.argv[1]
    source = sys.argv[2] if len(sys.argv) > 2 else SOURCE
    failures = []
    with tempfile.TemporaryDirectory() as fat, tempfile.TemporaryDirectory() as slim:
        names = compile_zones(source, "slim", slim)
        assert compile_zones(source, "fat", fat) == names and len(names) > ZONES_MIN, len(names)
        from_slim = windows_of(program, slim, names)
        from_fat = windows_of(program, fat, names)
        zoneinfo.reset_tzpath([slim])
        by_bytes = {}  # many names are links: their windows are those of the zone
        for name in names:
            if from_fat[name] != from_slim[name]:
                failures.append(f"{name}: fat and slim files give different windows")
            content = Path(slim, name).read_bytes()
            if content not in by_bytes:
                by_bytes[content] = expected_windows(zoneinfo.ZoneInfo.no_cache(name))
            for unit, expected in by_bytes[content].items():
                found = from_slim[name][unit]
                if found != expected:
                    wrong = sorted(set(found) ^ set(expected))
                    failures.append(f"{name} {unit}: {len(wrong)} starts differ from zoneinfo's, first {wrong[:3]}")
    with open(source, encoding="utf-8") as opened:
        version = opened.readline().removeprefix("# version ").strip()
    print(f"{version}: {len(names)} zones, {len(by_bytes)} of them different")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
