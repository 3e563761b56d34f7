#include "app/catalog/people_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "model/quantity.h"
#include "server/admin/timestamp.h"
#include "text/number.h"
#include "text/printable.h"

namespace rateguard::app {
namespace {

// What JSON keeps exactly.
constexpr uint64_t kUnitsMax = uint64_t{1} << 53;
constexpr int64_t kHour = 3'600;
constexpr int64_t kDay = 24 * kHour;

std::string span_for_people(int64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < kHour) return fmt::format("{} min", seconds / 60);
  if (seconds < 2 * kDay) return fmt::format("{} h", seconds / kHour);
  return fmt::format("{} days", seconds / kDay);
}

std::string relative(Instant at, Instant now) {
  const int64_t seconds = (at - now).us / 1'000'000;
  if (seconds == 0) return "just now";
  return seconds < 0 ? span_for_people(-seconds) + " ago" : "in " + span_for_people(seconds);
}

}  // namespace

std::string line_for_people(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(line, std::string::npos);
}

std::string time_for_people(Instant at, Instant now) {
  if (std::llabs((at - now).us / 1'000'000) < 2 * kDay) return relative(at, now);
  return admin::format_timestamp(at).substr(0, 10);
}

std::string full_time_for_people(Instant at, Instant now) {
  std::string text = admin::format_timestamp(at).substr(0, 19);
  text[10] = ' ';
  return fmt::format("{} UTC ({})", text, relative(at, now));
}

Result<Instant> time_from_person(std::string_view text, Instant now) {
  if (const auto at = admin::parse_timestamp(text)) return *at;
  if (const auto from_now = parse_duration(text)) return now + *from_now;
  return invalid(fmt::format(
      "'{}' is no time; expected one such as 2027-01-31T00:00:00Z, or how long from now, such as 90d", text));
}

std::string dollars_for_people(int64_t units, int64_t units_per_dollar) {
  std::string text = fmt::format("{}", units / units_per_dollar);
  int64_t rest = units % units_per_dollar;
  if (rest == 0) return text;
  text += '.';
  for (int64_t place = units_per_dollar / 10; rest > 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

Result<int64_t> dollars_from_person(std::string_view text, int64_t units_per_dollar) {
  const auto amount = parse_decimal(text);
  if (!amount) return invalid(fmt::format("'{}' is no amount of dollars; expected one such as 2.50", text));
  const auto units_per = static_cast<uint64_t>(units_per_dollar);
  if (amount->divisor > units_per && amount->digits % (amount->divisor / units_per) != 0) {
    return invalid(
        fmt::format("'{}': the smallest part of a dollar here is {}", text, dollars_for_people(1, units_per_dollar)));
  }
  if (amount->digits / amount->divisor > kUnitsMax / units_per) {
    return invalid(fmt::format("'{}' is more than {} dollars", text, kUnitsMax / units_per));
  }
  const uint64_t units = amount->divisor > units_per ? amount->digits / (amount->divisor / units_per)
                                                     : amount->digits * (units_per / amount->divisor);
  return static_cast<int64_t>(units);
}

}  // namespace rateguard::app
