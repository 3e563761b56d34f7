#include "config/schedule_reader.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

#include "algorithm/calendar.h"
#include "config/node_reader.h"
#include "model/ascii.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

using rules::DaySet;
using rules::WeeklySpan;

constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};
constexpr std::string_view kDaysExpected = "days such as mon-fri or [sat, sun]";
constexpr std::string_view kHoursExpected = "hours such as \"09:00-18:00\"";

// "mon", "Monday"; from 0.
std::optional<int> day_of(std::string_view text) {
  for (size_t i = 0; i < kDays.size(); ++i) {
    if (equal_ignoring_case(text, kDays[i]) || equal_ignoring_case(text, kDays[i].substr(0, 3))) {
      return static_cast<int>(i);
    }
  }
  return std::nullopt;
}

// A day, or a range of days, which may cross the end of the week: "fri-mon".
std::optional<DaySet> days_of(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = day_of(trim(text.substr(0, dash)));
  const auto last = dash == std::string_view::npos ? first : day_of(trim(text.substr(dash + 1)));
  if (!first || !last) return std::nullopt;
  DaySet days = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    days = static_cast<DaySet>(days | 1 << day);
    if (day == *last) return days;
  }
}

// "09:00", "9:30", "24:00", in seconds.
std::optional<int32_t> clock_of(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.size() - colon != 3 || colon == 0) return std::nullopt;
  std::string_view hour_text = text.substr(0, colon);
  if (hour_text.size() == 2 && hour_text.front() == '0') hour_text.remove_prefix(1);
  std::string_view minute_text = text.substr(colon + 1);
  if (minute_text.front() == '0') minute_text.remove_prefix(1);
  const auto hour = parse_whole(hour_text, {.max = 24});
  const auto minute = parse_whole(minute_text, {.max = 59});
  if (!hour || !minute || (*hour == 24 && *minute != 0)) return std::nullopt;
  return static_cast<int32_t>(*hour * 3'600 + *minute * 60);
}

class ScheduleReader {
 public:
  ScheduleReader(std::vector<WeeklySpan>& spans, Problems& problems)
      : spans_(spans), problems_(problems), nodes_(problems) {}

  void read(const YamlNode& node) {
    if (!node.is_sequence()) return read_one(node);
    if (node.children.empty()) problems_.add(node, "when: expected a map of days, hours and zone, found an empty list");
    for (const YamlNode* item : node.children) read_one(*item);
  }

 private:
  void read_one(const YamlNode& node) {
    if (!node.is_map() || node.children.empty()) {
      return problems_.add(node,
                           fmt::format("when: expected a map such as {{days: mon-fri, hours: \"09:00-18:00\", zone: "
                                       "Europe/Berlin}}, found {}",
                                       node.is_map() ? "an empty one" : node.describe()));
    }
    nodes_.check_keys(node, "when", rule_keys_in("when."));
    WeeklySpan span;
    if (const YamlNode* days = node.find("days")) read_days(*days, span);
    if (const YamlNode* zone = node.find("zone")) read_zone(*zone, span);
    const YamlNode* const hours = node.find("hours");
    if (hours == nullptr) return spans_.push_back(span);
    for (const YamlNode* item : nodes_.items_of(*hours, kHoursExpected)) read_hours(*item, span);
  }

  void read_days(const YamlNode& node, WeeklySpan& span) {
    span.days = 0;
    for (const YamlNode* item : nodes_.items_of(node, kDaysExpected)) {
      const auto days = days_of(item->text);
      if (!days) {
        problems_.add(*item, fmt::format("days: expected {}, found {}", kDaysExpected, item->describe()));
        continue;
      }
      span.days = static_cast<DaySet>(span.days | *days);
    }
  }

  void read_zone(const YamlNode& node, WeeklySpan& span) {
    const std::string* const name = nodes_.text_of(node, "a time zone such as Europe/Berlin");
    if (name == nullptr) return;
    if (const auto zone = algorithm::find_zone(*name)) {
      span.zone = *zone;
    } else {
      problems_.add(node, fmt::format("zone: {}", zone.error().message));
    }
  }

  void read_hours(const YamlNode& node, WeeklySpan span) {
    const std::string_view text = node.text;
    const size_t dash = text.find('-');
    const auto begin = clock_of(trim(text.substr(0, dash)));
    const auto end = dash == std::string_view::npos ? std::nullopt : clock_of(trim(text.substr(dash + 1)));
    if (!begin || !end || *begin == rules::kDaySeconds) {
      return problems_.add(node, fmt::format("hours: expected {}, found {}", kHoursExpected, node.describe()));
    }
    if (*begin == *end) {
      return problems_.add(
          node, fmt::format("hours: {} begins and ends at one time; leave hours out for the whole day", quote(text)));
    }
    span.begin_s = *begin;
    span.end_s = *end;
    spans_.push_back(span);
  }

  std::vector<WeeklySpan>& spans_;
  Problems& problems_;
  NodeReader nodes_;
};

}  // namespace

void read_schedule(const YamlNode& node, std::vector<WeeklySpan>& spans, Problems& problems) {
  ScheduleReader(spans, problems).read(node);
}

}  // namespace rateguard::config
