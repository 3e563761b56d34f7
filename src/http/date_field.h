// The Date field of an answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/instant.h"

namespace rateguard::http {

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110, section 5.6.7), rendered once a second.
class DateField {
 public:
  // REQUIRES: 0 <= now < year 10000.
  std::string_view at(Instant now);
  // As at(), without the name and the line's end.
  std::string_view value_at(Instant now);

 private:
  static constexpr size_t kSize = 37;
  std::array<char, kSize> text_{};
  int64_t second_ = -1;
};

}  // namespace rateguard::http
