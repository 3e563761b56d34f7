#include "simulate/logs/log_time.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace rateguard::simulate {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// The number in exactly `count` digits at `p`, or -1.
int digits(const char* p, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) {
    if (!digit(p[i])) return -1;
    value = value * 10 + (p[i] - '0');
  }
  return value;
}

std::optional<int64_t> days_since_epoch(int year, int month, int day) {
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int month_of(std::string_view name) {
  constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (size_t i = 0; i < kNames.size(); i += 3) {
    if (kNames.substr(i, 3) == name) return static_cast<int>(i / 3) + 1;
  }
  return -1;
}

// "10:05:03" to seconds of the day. A leap second (":60") is the first second of the next minute.
std::optional<int64_t> clock_seconds(const char* p) {
  const auto two = [p](int at) {  // above 99 where they are no digits
    const auto tens = static_cast<unsigned>(p[at] - '0');
    const auto ones = static_cast<unsigned>(p[at + 1] - '0');
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
  };
  const unsigned h = two(0);
  const unsigned m = two(3);
  const unsigned s = two(6);
  if (h > 23 || m > 59 || s > 60 || p[2] != ':' || p[5] != ':') return std::nullopt;
  return h * 3600 + m * 60 + s;
}

// "+0100", "-05:30" or "Z" to seconds east of Greenwich.
std::optional<int64_t> zone_seconds(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 5 && text.size() != 6) return std::nullopt;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  if (text.size() == 6 && text[3] != ':') return std::nullopt;
  const int h = digits(text.data() + 1, 2);
  const int m = digits(text.data() + text.size() - 2, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59) return std::nullopt;
  const int64_t east = h * 3600 + m * 60;
  return text[0] == '-' ? -east : east;
}

// The digits after a decimal point, as microseconds.
std::optional<int64_t> fraction_us(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), digit)) return std::nullopt;
  int64_t us = 0;
  for (size_t i = 0; i < 6; ++i) us = us * 10 + (i < text.size() ? text[i] - '0' : 0);
  return us;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  constexpr size_t kWhole = 19;  // "2023-11-16T18:17:03"
  if (text.size() < kWhole || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const auto day = days_since_epoch(digits(text.data(), 4), digits(text.data() + 5, 2), digits(text.data() + 8, 2));
  const auto second = clock_seconds(text.data() + 11);
  if (!day || !second) return std::nullopt;

  std::string_view rest = text.substr(kWhole);
  int64_t us = 0;
  if (rest.starts_with('.') || rest.starts_with(',')) {
    const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const auto fraction = fraction_us(rest.substr(1, end - 1));
    if (!fraction) return std::nullopt;
    us = *fraction;
    rest.remove_prefix(end);
  }
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto east = rest.empty() ? std::optional<int64_t>(0) : zone_seconds(rest);
  if (!east) return std::nullopt;
  return Instant{(*day * 86'400 + *second - *east) * 1'000'000 + us};
}

std::optional<Instant> parse_epoch(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole_text = text.substr(0, point);
  uint64_t whole = 0;
  const auto [end, error] = std::from_chars(whole_text.data(), whole_text.data() + whole_text.size(), whole);
  if (whole_text.empty() || error != std::errc() || end != whole_text.data() + whole_text.size()) return std::nullopt;
  const std::string_view decimals = point == std::string_view::npos ? "0" : text.substr(point + 1);
  const auto fraction = fraction_us(decimals);
  if (!fraction) return std::nullopt;

  // Below each bound the count would lie before 1973 in the next finer unit, and beyond 5000 in its own.
  if (whole < 100'000'000'000) return Instant{static_cast<int64_t>(whole) * 1'000'000 + *fraction};
  if (whole < 100'000'000'000'000) return Instant{static_cast<int64_t>(whole) * 1'000 + *fraction / 1'000};
  if (whole < 100'000'000'000'000'000) return Instant{static_cast<int64_t>(whole)};
  return Instant{static_cast<int64_t>(whole / 1'000)};
}

}  // namespace

std::optional<Instant> AccessTimeParser::parse(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  const char* p = text.data();
  if (std::memcmp(p, date_.data(), date_.size()) != 0 || std::memcmp(p + 21, zone_.data(), zone_.size()) != 0) {
    if (p[2] != '/' || p[6] != '/') return std::nullopt;
    const auto day = days_since_epoch(digits(p + 7, 4), month_of(text.substr(3, 3)), digits(p, 2));
    const auto east = zone_seconds(text.substr(21));
    if (!day || !east) return std::nullopt;
    midnight_s_ = *day * 86'400 - *east;
    std::memcpy(date_.data(), p, date_.size());
    std::memcpy(zone_.data(), p + 21, zone_.size());
  }
  if (p[11] != ':' || p[20] != ' ') return std::nullopt;
  const auto second = clock_seconds(p + 12);
  if (!second) return std::nullopt;
  return Instant::from_seconds(midnight_s_ + *second);
}

std::optional<Instant> parse_timestamp(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.size() > 4 && text[4] == '-') return parse_rfc3339(text);
  if (text.size() > 2 && text[2] == '/') return AccessTimeParser().parse(text);
  return parse_epoch(text);
}

}  // namespace rateguard::simulate
