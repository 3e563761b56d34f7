#include "http/date_field.h"

#include <fmt/format.h>
#include <time.h>

namespace rateguard::http {

std::string_view DateField::at(Instant now) {
  const int64_t second = now.us / 1'000'000;
  if (second != second_) {
    second_ = second;
    static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = second;
    tm utc{};
    gmtime_r(&seconds, &utc);
    fmt::format_to_n(text_.data(), kSize, "Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday, kMonths[static_cast<size_t>(utc.tm_mon)],
                     utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return {text_.data(), kSize};
}

std::string_view DateField::value_at(Instant now) {
  constexpr size_t kName = 6;     // "Date: "
  constexpr size_t kLineEnd = 2;  // CR LF
  return at(now).substr(kName, kSize - kName - kLineEnd);
}

}  // namespace rateguard::http
