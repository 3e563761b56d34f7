// calendar_windows FOLDER: prints the calendar windows from 2024 to 2045 of each zone whose name comes on standard
// input, one line for each unit: "Europe/Berlin day 1704063600 1704150000 ...", the first instants of the windows in
// seconds since the Unix epoch.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

#include "algorithm/calendar.h"
#include "zoneinfo/database.h"

namespace {

using rateguard::Anchor;
using rateguard::Instant;

constexpr Instant kBegin = Instant::from_seconds(1'704'067'200);  // 2024-01-01T00:00:00Z
constexpr Instant kEnd = Instant::from_seconds(2'398'377'600);    // 2046-01-01T00:00:00Z
constexpr std::array<std::pair<const char*, Anchor>, 4> kUnits = {
    {{"day", Anchor::kDay}, {"week", Anchor::kWeek}, {"month", Anchor::kMonth}, {"year", Anchor::kYear}}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: calendar_windows FOLDER < names\n";
    return 2;
  }
  rateguard::zoneinfo::Database database(argv[1]);
  for (std::string name; std::getline(std::cin, name);) {
    const auto zone = database.find(name);
    if (!zone) {
      std::cerr << zone.error().to_string() << '\n';
      return 1;
    }
    for (const auto& [unit, anchor] : kUnits) {
      fmt::print("{} {}", name, unit);
      for (Instant t = kBegin; t < kEnd;) {
        const auto window = rateguard::algorithm::calendar_window(t, anchor, *zone);
        fmt::print(" {}", window.start.us / 1'000'000);
        t = window.end;
      }
      fmt::print("\n");
    }
  }
  return 0;
}
