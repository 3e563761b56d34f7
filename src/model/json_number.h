// Numbers as JSON writes them (RFC 8259, section 6): one value has many spellings, and serializers use all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rateguard {

// digits * 10^exponent, exactly; negative where it says so. A number has one such form: `digits` does not end with a
// zero, and zero has no sign and no exponent.
struct JsonNumber {
  bool is_negative = false;
  uint64_t digits = 0;
  int32_t exponent = 0;

  // The value where it is a whole number of 64 bits and not negative: 1000 of "1E3" and of "1000.0".
  std::optional<uint64_t> whole() const;
  // The same in decimal digits, without an exponent: "0.00001" of "1e-05", "1000" of "1E3". None where that would take
  // more than 24 characters.
  std::optional<std::string> plain_text() const;

  bool operator==(const JsonNumber&) const = default;
};

// None for what is no JSON number, and for one whose digits, without zeros at their ends, do not fit 64 bits.
std::optional<JsonNumber> parse_json_number(std::string_view text);

}  // namespace rateguard
