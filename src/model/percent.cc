#include "model/percent.h"

#include "model/ascii.h"

namespace rateguard {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

void append_percent_encoded(std::string& out, char octet) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(octet);
  out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               std::string_view("-_.~").contains(c);
    if (is_unreserved) {
      out += c;
    } else {
      append_percent_encoded(out, c);
    }
  }
  return out;
}

}  // namespace rateguard
