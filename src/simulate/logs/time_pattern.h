// Times in a form given with strftime's letters, as Apache's %{%d/%b/%Y:%T}t and Envoy's %START_TIME(%Y-%m-%d)%
// do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"

namespace rateguard::simulate {

// The parts of a time that are known so far: a format may write it in several pieces. Missing parts are those of
// 1970-01-01T00:00:00 UTC.
struct TimeParts {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int64_t microsecond = 0;
  int64_t east_s = 0;                   // of Greenwich
  std::optional<int64_t> epoch_s = {};  // a count, which takes precedence over date and clock

  // nullopt if there is no such day.
  std::optional<Instant> instant() const;
};

// Copies and compares; read() is thread-safe.
class TimePattern {
 public:
  // Takes %Y %y %m %d %e %b %h %B %H %I %M %S %p %z %Z %s %T %R %D %F %f %3f %6f %9f %n %t %a %A %j %%, and Apache's
  // msec_frac and usec_frac alone. Errors: kInvalid, naming the unknown part.
  static Result<TimePattern> compile(std::string_view pattern);

  // Takes a time from the front of `text`, which moves past it. False if there is none.
  bool read(std::string_view& text, TimeParts& parts) const;

  // Whether it says on which day something happened, and not only at which time of the day.
  bool has_date() const;

 private:
  std::string letters_;  // each expanded: %T is %H:%M:%S
};

}  // namespace rateguard::simulate
