// Texts, times and money as people read and write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"

namespace rateguard::app {

// Safe to print in a line: ends of lines and tabs become blanks, what else a terminal acts on becomes \xHH.
std::string line_for_people(std::string_view text);

// "just now", "5 min ago", "in 3 h" within two days of `now`; else the day: "2026-12-24".
std::string time_for_people(Instant at, Instant now);
// The whole of it: "2026-12-24 18:00:00 UTC (in 23 days)".
std::string full_time_for_people(Instant at, Instant now);
// RFC 3339, or how long from now: "90d". Errors: kInvalid.
Result<Instant> time_from_person(std::string_view text, Instant now);

// "2.5" of a number of `unit`s to the dollar, exactly: `units_per_dollar` is a power of ten.
std::string dollars_for_people(int64_t units, int64_t units_per_dollar);
// The inverse. Errors: kInvalid for what is no amount of money, finer than a unit, or above 2^53 units.
Result<int64_t> dollars_from_person(std::string_view text, int64_t units_per_dollar);

// Of a million tokens: a pico-dollar for a token is a millionth of a dollar for a million.
inline constexpr int64_t kPricesPerDollar = 1'000'000;
inline constexpr int64_t kNanosPerDollar = 1'000'000'000;

}  // namespace rateguard::app
