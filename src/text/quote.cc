#include "text/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace rateguard {

std::string quote(std::string_view text) {
  constexpr size_t kShown = 60;  // bytes of a value shown in a message of one line
  size_t end = std::min(text.size(), kShown);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string shown(text.substr(0, end));
  std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return fmt::format("'{}{}'", shown, end < text.size() ? "..." : "");
}

}  // namespace rateguard
