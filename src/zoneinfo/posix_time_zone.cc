#include "zoneinfo/posix_time_zone.h"

#include <fmt/format.h>

#include <chrono>

namespace rateguard::zoneinfo {
namespace {

constexpr int32_t kHour = 3'600;
constexpr int32_t kOffsetHoursMax = 24;   // POSIX
constexpr int32_t kChangeHoursMax = 167;  // RFC 9636, section 3.3.1
constexpr size_t kNameBytesMin = 3;       // POSIX

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_number(char c) {
  return c >= '0' && c <= '9';
}

// Reads from the front of a text. A missing part leaves the reader's position unchanged, or fails for good.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Skips the name of an offset, "CET" or "<+0330>", which is not used.
  bool skip_name() {
    const bool quoted = take('<');
    size_t bytes = 0;
    while (bytes < rest_.size() && (is_letter(rest_[bytes]) || (quoted && is_quoted(rest_[bytes])))) ++bytes;
    rest_.remove_prefix(bytes);
    return bytes >= kNameBytesMin && (!quoted || take('>'));
  }
  // At most three digits; none if there are no digits or the number is outside [least, most].
  std::optional<int32_t> number(int32_t least, int32_t most) {
    size_t digits = 0;
    int32_t value = 0;
    while (digits < rest_.size() && digits < 3 && is_number(rest_[digits])) {
      value = value * 10 + (rest_[digits++] - '0');
    }
    if (digits == 0 || value < least || value > most) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  // [+-]hh[:mm[:ss]] in seconds.
  std::optional<int32_t> time(int32_t hours_max) {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = number(0, hours_max);
    if (!hours) return std::nullopt;
    int32_t seconds = *hours * kHour;
    for (int32_t unit = 60; unit >= 1 && take(':'); unit /= 60) {
      const auto part = number(0, 59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }
  std::optional<YearlyChange> change() {
    std::optional<YearlyChange> made = date();
    if (!made) return std::nullopt;
    made->time_s = 2 * kHour;  // the default of POSIX
    if (!take('/')) return made;
    const auto at = time(kChangeHoursMax);
    if (!at) return std::nullopt;
    made->time_s = *at;
    return made;
  }

 private:
  static bool is_quoted(char c) { return is_number(c) || c == '+' || c == '-'; }

  std::optional<YearlyChange> date() {
    using Kind = YearlyChange::Kind;
    if (take('J')) {
      const auto day = number(1, 365);
      if (!day) return std::nullopt;
      return YearlyChange{.kind = Kind::kDayWithoutLeap, .day = *day};
    }
    if (!take('M')) {
      const auto day = number(0, 365);
      if (!day) return std::nullopt;
      return YearlyChange{.kind = Kind::kDayFromZero, .day = *day};
    }
    const auto month = number(1, 12);
    if (!month || !take('.')) return std::nullopt;
    const auto week = number(1, 5);
    if (!week || !take('.')) return std::nullopt;
    const auto day = number(0, 6);
    if (!day) return std::nullopt;
    return YearlyChange{.kind = Kind::kWeekday, .day = *day, .week = *week, .month = *month};
  }

  std::string_view rest_;
};

std::unexpected<Error> bad_rule(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("its rule '{}' {}", text, what));
}

std::chrono::sys_days day_of(const YearlyChange& change, std::chrono::year year) {
  using std::chrono::days;
  using std::chrono::January;
  const std::chrono::sys_days first{year / January / 1};
  switch (change.kind) {
    case YearlyChange::Kind::kDayWithoutLeap:
      // Day 60 is 1 March in every year.
      return first + days{change.day - 1 + (year.is_leap() && change.day >= 60 ? 1 : 0)};
    case YearlyChange::Kind::kDayFromZero:
      return first + days{change.day};
    case YearlyChange::Kind::kWeekday:
      break;
  }
  const auto month = year / std::chrono::month{static_cast<unsigned>(change.month)};
  const std::chrono::weekday weekday{static_cast<unsigned>(change.day)};
  if (change.week == 5) return std::chrono::sys_days{month / weekday[std::chrono::last]};
  return std::chrono::sys_days{month / weekday[static_cast<unsigned>(change.week)]};
}

}  // namespace

Result<PosixTimeZone> parse_posix_time_zone(std::string_view text) {
  TextReader reader(text);
  PosixTimeZone zone;
  if (!reader.skip_name()) return bad_rule(text, "does not begin with a name");
  const auto west_s = reader.time(kOffsetHoursMax);
  if (!west_s) return bad_rule(text, "lacks the offset of standard time");
  zone.offset_s = -*west_s;  // POSIX counts towards the west
  if (reader.at_end()) return zone;

  if (!reader.skip_name()) return bad_rule(text, "has no name of summer time where one should be");
  PosixTimeZone::Summer summer{.offset_s = zone.offset_s + kHour, .begin = {}, .end = {}};
  if (!reader.rest().starts_with(',')) {
    const auto summer_west_s = reader.time(kOffsetHoursMax);
    if (!summer_west_s) return bad_rule(text, "has a bad offset of summer time");
    summer.offset_s = -*summer_west_s;
  }
  for (YearlyChange* change : {&summer.begin, &summer.end}) {
    if (!reader.take(',')) return bad_rule(text, "lacks a date on which summer time begins or ends");
    const auto read = reader.change();
    if (!read) return bad_rule(text, "has a bad date on which summer time begins or ends");
    *change = *read;
  }
  if (!reader.at_end()) return bad_rule(text, "goes on after its end");
  zone.summer = summer;
  return zone;
}

int64_t instant_of(const YearlyChange& change, int32_t year, int32_t offset_s) {
  const std::chrono::sys_seconds midnight = day_of(change, std::chrono::year{year});
  return midnight.time_since_epoch().count() + change.time_s - offset_s;
}

}  // namespace rateguard::zoneinfo
