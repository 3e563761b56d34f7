#include "model/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "text/number.h"
#include "text/quote.h"

namespace rateguard {
namespace {

struct TimeUnit {
  std::string_view name;
  int64_t us;
};

constexpr int64_t kSecond = 1'000'000;
constexpr std::array<TimeUnit, 20> kUnits = {{
    {"ms", 1'000},
    {"s", kSecond},
    {"m", 60 * kSecond},
    {"h", 3'600 * kSecond},
    {"d", 86'400 * kSecond},
    {"w", 604'800 * kSecond},
    {"sec", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"min", 60 * kSecond},
    {"minute", 60 * kSecond},
    {"minutes", 60 * kSecond},
    {"hour", 3'600 * kSecond},
    {"hours", 3'600 * kSecond},
    {"day", 86'400 * kSecond},
    {"days", 86'400 * kSecond},
    {"week", 604'800 * kSecond},
    {"weeks", 604'800 * kSecond},
    {"millisecond", 1'000},
    {"milliseconds", 1'000},
}};

std::optional<int64_t> unit_us(std::string_view name) {
  const auto found = std::ranges::find(kUnits, name, &TimeUnit::name);
  return found == kUnits.end() ? std::nullopt : std::optional(found->us);
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::unexpected<Error> bad_duration(std::string_view text) {
  return invalid(fmt::format("{} is not a duration; expected a number and ms, s, m, h, d or w, such as 250ms or 10s",
                             quote(text)));
}

// What a text of N/period is taken for, and how it is said not to be one.
struct LimitKind {
  std::string_view name;
  std::string_view expected;
};
constexpr LimitKind kLimitKind = {"limit", "N/period with an optional burst, such as 5/m, 100/10s or 100/10s burst 20"};
constexpr LimitKind kRateKind = {"rate", "units per period, such as 100/10s"};

std::unexpected<Error> bad(const LimitKind& kind, std::string_view text) {
  return invalid(fmt::format("{} is not a {}; expected {}", quote(text), kind.name, kind.expected));
}

// The units in `number`, a part of `text`.
Result<uint64_t> parse_amount(std::string_view number, const LimitKind& kind, std::string_view text) {
  if (const auto units = parse_whole(number, {.min = 1, .max = kUnitsMax})) return *units;
  if (number.empty() || !std::ranges::all_of(number, is_digit)) return bad(kind, text);
  return invalid(fmt::format("{}: expected from 1 to {} units, found {}", quote(text), kUnitsMax, quote(number)));
}

// "m", "10s", "minute": a unit alone means one of it; a number needs a unit, or "5/60" would be ambiguous.
std::optional<Duration> parse_period(std::string_view text) {
  if (const auto us = unit_us(text)) return Duration{*us};
  if (text.empty() || is_digit(text.back())) return std::nullopt;
  const auto period = parse_duration(text);
  if (!period || *period < kPeriodMin || *period > kPeriodMax) return std::nullopt;
  return *period;
}

Result<LimitText> parse_text_of(const LimitKind& kind, std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad(kind, text);
  std::string_view period_text = text.substr(slash + 1);
  LimitText parsed;
  const auto units = parse_amount(trimmed(text.substr(0, slash)), kind, text);
  if (!units) return std::unexpected(units.error());
  parsed.rate.units = *units;
  if (const size_t at = period_text.find(" burst "); at != std::string_view::npos) {
    const auto burst = parse_amount(trimmed(period_text.substr(at + 7)), kind, text);
    if (!burst) return std::unexpected(burst.error());
    parsed.burst = *burst;
    period_text = period_text.substr(0, at);
  }
  const auto period = parse_period(trimmed(period_text));
  if (!period) return bad(kind, text);
  parsed.rate.period = *period;
  return parsed;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto unit_begin = std::ranges::find_if(text, [](char c) { return !is_digit(c) && c != '.'; });
  const auto number_size = static_cast<size_t>(unit_begin - text.begin());
  const auto number = parse_decimal(text.substr(0, number_size));
  const std::string_view unit = trimmed(text.substr(number_size));
  const auto us = text.size() == number_size ? std::optional(kSecond) : unit_us(unit);
  if (!number || !us || text.ends_with(' ')) return bad_duration(text);
  const auto scaled = static_cast<unsigned __int128>(number->digits) * static_cast<uint64_t>(*us);
  if (scaled / number->divisor > static_cast<uint64_t>(kPeriodMax.us)) {
    return invalid(fmt::format("{} is too long; at most 366d", quote(text)));
  }
  if (scaled % (static_cast<unsigned __int128>(number->divisor) * 1'000) != 0) {
    return invalid(fmt::format("{} is not a whole number of milliseconds", quote(text)));
  }
  const auto total = static_cast<int64_t>(scaled / number->divisor);
  if (total > kPeriodMax.us) return invalid(fmt::format("{} is too long; at most 366d", quote(text)));
  return Duration{total};
}

Result<LimitText> parse_limit_text(std::string_view text) {
  return parse_text_of(kLimitKind, text);
}

Result<Rate> parse_rate(std::string_view text) {
  if (text.contains('/')) {
    const auto parsed = parse_text_of(kRateKind, text);
    if (!parsed) return std::unexpected(parsed.error());
    if (parsed->burst) return bad(kRateKind, text);
    return parsed->rate;
  }
  const auto number = parse_decimal(text);
  if (!number)
    return invalid(fmt::format("{} is not a rate; expected a number per second, such as 0.1, or 100/10s", quote(text)));
  if (number->digits == 0) return invalid("a rate of 0 never refills; expected more than 0");
  // digits / divisor units per second, in lowest terms: digits per divisor seconds.
  const uint64_t common = std::gcd(number->digits, number->divisor);
  const uint64_t units = number->digits / common;
  const uint64_t seconds = number->divisor / common;
  const auto longest = static_cast<uint64_t>(kPeriodMax.us / kSecond);
  if (units > kUnitsMax || seconds > longest) {
    return invalid(
        fmt::format("{} cannot be kept exactly; expected at most {} units in at most 366d", quote(text), kUnitsMax));
  }
  return Rate{.units = units, .period = Duration::seconds(static_cast<int64_t>(seconds))};
}

}  // namespace rateguard
