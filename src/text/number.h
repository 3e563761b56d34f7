// Exact numbers from text, with one spelling each: decimal digits, no sign, no leading zeros, no exponent.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard {

struct WholeRange {
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
};

// nullopt: not a whole number, or outside the range.
std::optional<uint64_t> parse_whole(std::string_view text, WholeRange range);

// digits / divisor, where divisor is a power of ten.
struct Decimal {
  uint64_t digits = 0;
  uint64_t divisor = 1;
};

// "10", "0.25". nullopt: not a decimal number, or one with more than 18 digits.
std::optional<Decimal> parse_decimal(std::string_view text);

}  // namespace rateguard
