// Durations, rates and limits as people write them: in configuration files, requests and command lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard {

// "250ms", "10s", "5m", "1h", "1d", "1w", or seconds as a number ("0.25"). Whole milliseconds only, at most 366 days.
// Errors: kInvalid, quoting the text and saying what was expected.
Result<Duration> parse_duration(std::string_view text);

// "N/period [burst B]": "5/m", "100/10s burst 20".
struct LimitText {
  Rate rate;
  std::optional<uint64_t> burst;
};
// Errors: as parse_duration().
Result<LimitText> parse_limit_text(std::string_view text);

// Units per second as a decimal, exactly ("0.1" is 1 per 10 s), or "100/10s". Errors: as parse_duration().
Result<Rate> parse_rate(std::string_view text);

}  // namespace rateguard
