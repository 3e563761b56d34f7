// One of a few words.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/quote.h"

namespace rateguard {

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

// The value of a word. Errors: kInvalid, "expected evict or refuse, found 'drop'".
template <typename T, size_t N>
Result<T> choose(const Choice<T> (&choices)[N], std::string_view text) {
  std::string expected;
  for (size_t i = 0; i < N; ++i) {
    if (choices[i].name == text) return choices[i].value;
    if (i > 0) expected += i + 1 == N ? " or " : ", ";
    expected += choices[i].name;
  }
  return invalid(fmt::format("expected {}, found {}", expected, quote(text)));
}

}  // namespace rateguard
