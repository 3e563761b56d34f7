#include "server/admin/timestamp.h"

#include <fmt/format.h>

#include <chrono>

namespace rateguard::admin {
namespace {

// Takes text from its beginning; once something is missing, it says so for ever.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  int number(size_t digits, int max) {
    const std::string_view text = rest_.substr(0, digits);
    int value = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') good_ = false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(text.size());
    good_ = good_ && text.size() == digits && value <= max;
    return good_ ? value : 0;
  }
  // One of these characters; '\0' if it is another.
  char one_of(std::string_view chars) {
    if (rest_.empty() || !chars.contains(rest_.front())) {
      good_ = false;
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  int64_t micros() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    int64_t value = 0;
    size_t digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
      if (digits < 6) value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    good_ = good_ && digits > 0;
    for (; digits < 6; ++digits) value *= 10;
    return value;
  }
  bool has_ended() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string format_timestamp(Instant at) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(at.us)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() > 0) text += fmt::format(".{:06}", clock.subseconds().count());
  return text + "Z";
}

std::optional<Instant> parse_timestamp(std::string_view text) {
  TimeText time(text);
  const int year = time.number(4, 9999);
  time.one_of("-");
  const int month = time.number(2, 12);
  time.one_of("-");
  const int day = time.number(2, 31);
  time.one_of("Tt ");
  const int hour = time.number(2, 23);
  time.one_of(":");
  const int minute = time.number(2, 59);
  time.one_of(":");
  const int second = time.number(2, 60);
  const int64_t micros = time.micros();
  const char zone = time.one_of("Zz+-");
  int64_t offset_s = 0;
  if (zone == '+' || zone == '-') {
    offset_s = int64_t{time.number(2, 23)} * 3'600;
    time.one_of(":");
    offset_s += int64_t{time.number(2, 59)} * 60;
    if (zone == '-') offset_s = -offset_s;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!time.has_ended() || !date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s;
  constexpr int64_t kYear10000 = 253'402'300'800;
  if (seconds < 0 || seconds >= kYear10000) return std::nullopt;
  return Instant{seconds * 1'000'000 + micros};
}

}  // namespace rateguard::admin
