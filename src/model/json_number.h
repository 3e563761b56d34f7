// Numbers as JSON writes them (RFC 8259, section 6): one value has many spellings, and serializers use all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rateguard {

// digits * 10^exponent, exactly; negated if `negative`. A number has one such form: `digits` does not end with a zero,
// and zero has no sign and no exponent.
struct JsonNumber {
  bool is_negative = false;
  uint64_t digits = 0;
  int32_t exponent = 0;

  // The value if it is a non-negative whole number of 64 bits: 1000 for "1E3" and "1000.0".
  std::optional<uint64_t> whole() const;
  // The same in decimal digits, without an exponent: "0.00001" for "1e-05", "1000" for "1E3". None if that would take
  // more than 24 characters.
  std::optional<std::string> plain_text() const;

  bool operator==(const JsonNumber&) const = default;
};

// None if the text is not a JSON number, or if its digits, without leading and trailing zeros, do not fit 64 bits.
std::optional<JsonNumber> parse_json_number(std::string_view text);

}  // namespace rateguard
