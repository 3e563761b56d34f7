#include "rules/schedule.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "algorithm/calendar.h"

namespace rateguard::rules {
namespace {

constexpr std::array<std::string_view, 7> kDayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

bool has_day(DaySet days, int day) {
  return (days >> day & 1) != 0;
}

// Runs of days with a dash between, others with a comma: "mon-fri,sun".
std::string names_of(DaySet days) {
  std::string text;
  for (int day = 0; day < 7; ++day) {
    if (!has_day(days, day)) continue;
    int last = day;
    while (last < 6 && has_day(days, last + 1)) ++last;
    if (!text.empty()) text += ',';
    text += kDayNames[static_cast<size_t>(day)];
    if (last > day) text += fmt::format("-{}", kDayNames[static_cast<size_t>(last)]);
    day = last;
  }
  return text;
}

std::string clock_text(int32_t seconds) {
  return fmt::format("{:02}:{:02}", seconds / 3'600, seconds / 60 % 60);
}

}  // namespace

bool WeeklySpan::holds(Instant wall) const {
  const algorithm::WallTime local = algorithm::wall_time(wall, zone);
  const int yesterday = (local.weekday + 6) % 7;
  if (end_s > begin_s) return has_day(days, local.weekday) && local.second >= begin_s && local.second < end_s;
  return (has_day(days, local.weekday) && local.second >= begin_s) ||
         (has_day(days, yesterday) && local.second < end_s);
}

std::string WeeklySpan::to_string() const {
  return fmt::format("{} {}-{} {}", names_of(days), clock_text(begin_s), clock_text(end_s), algorithm::zone_name(zone));
}

}  // namespace rateguard::rules
