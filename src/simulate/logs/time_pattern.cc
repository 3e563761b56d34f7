#include "simulate/logs/time_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "model/ascii.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kPatternChars = 60;
constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes up to `most` digits; nullopt if there is none.
std::optional<int64_t> take_digits(std::string_view& text, size_t most) {
  int64_t value = 0;
  size_t count = 0;
  while (count < most && count < text.size() && is_digit(text[count])) value = value * 10 + (text[count++] - '0');
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take_into(std::string_view& text, size_t most, int& out) {
  const auto value = take_digits(text, most);
  if (value) out = static_cast<int>(*value);
  return value.has_value();
}

// Digits of a fraction, however many, to microseconds.
bool take_fraction(std::string_view& text, int64_t& out) {
  size_t count = 0;
  out = 0;
  for (; count < text.size() && is_digit(text[count]); ++count) {
    if (count < 6) out = out * 10 + (text[count] - '0');
  }
  for (size_t i = count; i < 6; ++i) out *= 10;
  text.remove_prefix(count);
  return count > 0;
}

// A month's name, whole or its first three letters.
bool take_month(std::string_view& text, int& out) {
  if (text.size() < 3) return false;
  const char letters[] = {ascii_lower(text[0]), ascii_lower(text[1]), ascii_lower(text[2])};
  const size_t at = kMonths.find(std::string_view(letters, 3));
  if (at == std::string_view::npos || at % 3 != 0) return false;
  out = static_cast<int>(at / 3) + 1;
  size_t length = 3;
  while (length < text.size() && ascii_lower(text[length]) >= 'a' && ascii_lower(text[length]) <= 'z') ++length;
  text.remove_prefix(length);
  return true;
}

void skip_letters(std::string_view& text) {
  while (!text.empty() && ascii_lower(text.front()) >= 'a' && ascii_lower(text.front()) <= 'z') text.remove_prefix(1);
}

// "+0100", "+01:00", "Z", "UTC".
bool take_zone(std::string_view& text, int64_t& out) {
  if (text.starts_with('Z')) {
    out = 0;
    text.remove_prefix(1);
    return true;
  }
  if (!text.starts_with('+') && !text.starts_with('-')) return false;
  const int64_t sign = text.starts_with('-') ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (text.starts_with(':')) text.remove_prefix(1);
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes) return false;
  out = sign * (*hours * 3600 + *minutes * 60);
  return true;
}

bool take_half_of_day(std::string_view& text, TimeParts& parts) {
  if (text.size() < 2 || ascii_lower(text[1]) != 'm') return false;
  const char half = ascii_lower(text[0]);
  if (half != 'a' && half != 'p') return false;
  parts.hour = parts.hour % 12 + (half == 'p' ? 12 : 0);
  text.remove_prefix(2);
  return true;
}

bool take_letter(char letter, std::string_view& text, TimeParts& parts) {
  if (letter == 'e') {
    while (text.starts_with(' ')) text.remove_prefix(1);
    letter = 'd';
  }
  switch (letter) {
    case 'Y':
      return take_into(text, 4, parts.year);
    case 'y': {
      if (!take_into(text, 2, parts.year)) return false;
      parts.year += parts.year < 69 ? 2000 : 1900;  // as POSIX's strptime reads them
      return true;
    }
    case 'm':
      return take_into(text, 2, parts.month);
    case 'd':
      return take_into(text, 2, parts.day);
    case 'b':
      return take_month(text, parts.month);
    case 'H':
      return take_into(text, 2, parts.hour);
    case 'M':
      return take_into(text, 2, parts.minute);
    case 'S':
      return take_into(text, 2, parts.second);
    case 'p':
      return take_half_of_day(text, parts);
    case 'z':
      return take_zone(text, parts.east_s);
    case 's': {
      parts.epoch_s = take_digits(text, 12);
      return parts.epoch_s.has_value();
    }
    case 'f':
      return take_fraction(text, parts.microsecond);
    default:  // 'a' and 'Z': names of days and zones, which say nothing that is needed
      skip_letters(text);
      return true;
  }
}

// The letters that a letter stands for; empty: it is not known.
std::string expanded(char letter) {
  switch (letter) {
    case 'T':
      return "%H:%M:%S";
    case 'R':
      return "%H:%M";
    case 'D':
      return "%m/%d/%y";
    case 'F':
      return "%Y-%m-%d";
    case 'h':
    case 'B':
      return "%b";
    case 'A':
      return "%a";
    case 'I':
      return "%H";
    case 'n':
    case 't':
      return " ";
    default:
      return std::string_view("YymdebHMSpzsfaZ%").find(letter) == std::string_view::npos ? std::string()
                                                                                         : std::string{'%', letter};
  }
}

}  // namespace

std::optional<Instant> TimeParts::instant() const {
  if (epoch_s) return Instant{*epoch_s * 1'000'000 + microsecond};
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - east_s;
  return Instant{seconds * 1'000'000 + microsecond};
}

Result<TimePattern> TimePattern::compile(std::string_view pattern) {
  TimePattern made;
  if (pattern == "msec_frac" || pattern == "usec_frac") pattern = "%f";
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      made.letters_ += pattern[i];
      continue;
    }
    ++i;
    while (i + 1 < pattern.size() && (is_digit(pattern[i]) || pattern[i] == '-' || pattern[i] == '_')) ++i;  // %3f, %-d
    const std::string letters = expanded(pattern[i]);
    if (letters.empty()) {
      return invalid(fmt::format("%{} in the time '{}' is not known; use %Y %m %d %b %H %M %S %f %z %s %T %F",
                                 printable(pattern.substr(i, 1), 4), printable(pattern, kPatternChars)));
    }
    made.letters_ += letters;
  }
  return made;
}

bool TimePattern::has_date() const {
  return letters_.find("%d") != std::string::npos || letters_.find("%e") != std::string::npos ||
         letters_.find("%s") != std::string::npos;
}

bool TimePattern::read(std::string_view& text, TimeParts& parts) const {
  for (size_t i = 0; i < letters_.size(); ++i) {
    if (letters_[i] == '%' && i + 1 < letters_.size() && letters_[i + 1] != '%') {
      if (!take_letter(letters_[++i], text, parts)) return false;
      continue;
    }
    if (letters_[i] == '%') ++i;
    if (text.empty() || text.front() != letters_[i]) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace rateguard::simulate
