#include <fmt/format.h>

#include <chrono>

#include "simulate/report.h"

namespace rateguard::simulate {

std::string duration_text(Duration duration) {
  if (duration.is_never()) return "never";
  if (duration.us < 1'000'000) return fmt::format("{}ms", duration.ceil_millis());
  struct Unit {
    int64_t seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}};
  int64_t left_s = duration.ceil_seconds();
  std::string out;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const int64_t count = left_s / unit.seconds;
    left_s %= unit.seconds;
    if (count > 0) out += fmt::format("{}{}", count, unit.name);
    if ((count > 0 || shown > 0) && ++shown == 2) break;
  }
  return out;
}

std::string count_text(uint64_t n) {
  const std::string digits = fmt::format("{}", n);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string instant_text(Instant instant) {
  const std::chrono::sys_seconds time{std::chrono::seconds(instant.us / 1'000'000)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const int64_t second = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                     second / 60 % 60, second % 60);
}

}  // namespace rateguard::simulate
