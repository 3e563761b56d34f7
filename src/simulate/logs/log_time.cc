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

// "+0100", "-05:30", "+00" (PostgreSQL), "Z" or "UTC" (BigQuery) to seconds east of Greenwich.
std::optional<int64_t> zone_seconds(std::string_view text) {
  if (text == "Z" || text == "z" || text == "UTC" || text == "GMT") return 0;
  if (text.size() != 3 && text.size() != 5 && text.size() != 6) return std::nullopt;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  if (text.size() == 6 && text[3] != ':') return std::nullopt;
  const int h = digits(text.data() + 1, 2);
  const int m = text.size() == 3 ? 0 : digits(text.data() + text.size() - 2, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59) return std::nullopt;
  const int64_t east = h * 3600 + m * 60;
  return text[0] == '-' ? -east : east;
}

// Takes the digits after a decimal point from the front of `text`, as microseconds; nullopt where there is none.
std::optional<int64_t> take_fraction_us(std::string_view& text) {
  constexpr int64_t kPowers[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  int64_t value = 0;
  size_t count = 0;
  for (; count < text.size() && digit(text[count]); ++count) {
    if (count < 6) value = value * 10 + (text[count] - '0');
  }
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return value * kPowers[std::min<size_t>(count, 6)];
}

// What follows the seconds of a time: a fraction, a zone, either or neither. `second` is of the clock in that zone.
std::optional<Instant> with_fraction_and_zone(int64_t second, std::string_view rest) {
  int64_t us = 0;
  if (rest.starts_with('.') || rest.starts_with(',')) {
    rest.remove_prefix(1);
    const auto fraction = take_fraction_us(rest);
    if (!fraction) return std::nullopt;
    us = *fraction;
  }
  if (rest == "Z" || rest.empty()) return Instant{second * 1'000'000 + us};
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto east = zone_seconds(rest);
  if (!east) return std::nullopt;
  return Instant{(second - *east) * 1'000'000 + us};
}

// "2023-11-16" to seconds since the epoch.
std::optional<int64_t> date_seconds(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto day = days_since_epoch(digits(text.data(), 4), digits(text.data() + 5, 2), digits(text.data() + 8, 2));
  return day ? std::optional<int64_t>(*day * 86'400) : std::nullopt;
}

std::optional<Instant> parse_epoch(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole_text = text.substr(0, point);
  uint64_t whole = 0;
  const auto [end, error] = std::from_chars(whole_text.data(), whole_text.data() + whole_text.size(), whole);
  if (whole_text.empty() || error != std::errc() || end != whole_text.data() + whole_text.size()) return std::nullopt;
  std::string_view decimals = point == std::string_view::npos ? "0" : text.substr(point + 1);
  const auto fraction = take_fraction_us(decimals);
  if (!fraction || !decimals.empty()) return std::nullopt;

  // Below each bound the count would lie before 1973 in the next finer unit, and beyond 5000 in its own.
  if (whole < 100'000'000'000) return Instant{static_cast<int64_t>(whole) * 1'000'000 + *fraction};
  if (whole < 100'000'000'000'000) return Instant{static_cast<int64_t>(whole) * 1'000 + *fraction / 1'000};
  if (whole < 100'000'000'000'000'000) return Instant{static_cast<int64_t>(whole)};
  return Instant{static_cast<int64_t>(whole / 1'000)};
}

}  // namespace

std::optional<Instant> AccessTimeParser::parse_other(std::string_view text) {
  const char* p = text.data();
  constexpr size_t kDate = 11;    // "17/May/2015"
  constexpr size_t kZoneAt = 21;  // "+0000"
  const bool same_day = std::memcmp(p, last_.data(), kDate) == 0 &&
                        std::memcmp(p + kZoneAt, last_.data() + kZoneAt, kLength - kZoneAt) == 0;
  if (p[kDate] != ':' || p[kZoneAt - 1] != ' ') return std::nullopt;
  if (!same_day) {
    if (p[2] != '/' || p[6] != '/') return std::nullopt;
    const auto day = days_since_epoch(digits(p + 7, 4), month_of(text.substr(3, 3)), digits(p, 2));
    const auto east = zone_seconds(text.substr(kZoneAt));
    if (!day || !east) return std::nullopt;
    midnight_s_ = *day * 86'400 - *east;
    last_ = {};  // until the rest is known to be a time too
    std::memcpy(last_.data(), p, kDate);
    std::memcpy(last_.data() + kZoneAt, p + kZoneAt, kLength - kZoneAt);
  }
  const auto second = clock_seconds(p + 12);
  if (!second) return std::nullopt;
  std::memcpy(last_.data(), p, kLength);
  time_ = Instant::from_seconds(midnight_s_ + *second);
  return time_;
}

std::optional<Instant> parse_timestamp(std::string_view text) {
  return TimestampParser().parse(text);
}

std::optional<Instant> TimestampParser::parse(std::string_view text) {
  if (text.size() > 4 && text[4] == '-') return parse_rfc3339(text);
  if (text.size() > 2 && text[2] == '/') {
    if (const auto time = access_.parse(text)) return time;
    return parse_access(text);
  }
  return text.empty() ? std::nullopt : parse_epoch(text);
}

std::optional<Instant> TimestampParser::parse_rfc3339(std::string_view text) {
  constexpr size_t kWhole = 19;  // "2023-11-16T18:17:03"
  if (text.size() < kWhole) return std::nullopt;
  if (std::memcmp(text.data(), whole_.data(), kWhole) != 0) {
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
    if (std::memcmp(text.data(), date_.data(), date_.size()) != 0) {
      const auto midnight = date_seconds(text.substr(0, date_.size()));
      if (!midnight) return std::nullopt;
      midnight_s_ = *midnight;
      std::memcpy(date_.data(), text.data(), date_.size());
    }
    const auto second = clock_seconds(text.data() + 11);
    if (!second) return std::nullopt;
    std::memcpy(whole_.data(), text.data(), kWhole);
    second_ = midnight_s_ + *second;
  }
  return with_fraction_and_zone(second_, text.substr(kWhole));
}

// "06/Feb/2009:12:14:14.655", with or without a zone after the fraction.
std::optional<Instant> TimestampParser::parse_access(std::string_view text) {
  constexpr size_t kWhole = 20;  // "06/Feb/2009:12:14:14"
  if (text.size() < kWhole) return std::nullopt;
  if (std::memcmp(text.data(), whole_.data(), kWhole) != 0) {
    if (text[2] != '/' || text[6] != '/' || text[11] != ':') return std::nullopt;
    const auto day = days_since_epoch(digits(text.data() + 7, 4), month_of(text.substr(3, 3)), digits(text.data(), 2));
    const auto second = clock_seconds(text.data() + 12);
    if (!day || !second) return std::nullopt;
    std::memcpy(whole_.data(), text.data(), kWhole);
    second_ = *day * 86'400 + *second;
  }
  return with_fraction_and_zone(second_, text.substr(kWhole));
}

std::optional<Instant> parse_date_and_clock(std::string_view date, std::string_view clock) {
  constexpr size_t kWhole = 8;  // "18:17:03"
  const auto midnight = date_seconds(date);
  if (!midnight || clock.size() < kWhole) return std::nullopt;
  const auto second = clock_seconds(clock.data());
  if (!second) return std::nullopt;
  return with_fraction_and_zone(*midnight + *second, clock.substr(kWhole));
}

}  // namespace rateguard::simulate
