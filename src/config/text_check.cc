#include "config/text_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/utf8.h"

namespace rateguard::config {
namespace {

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && c != '\t' && c != '\n' && c != '\r') || octet == 0x7F;
}

}  // namespace

Result<void> check_text(std::string_view text, const std::string& file_name) {
  SourcePosition at{.file = file_name, .line = 1, .column = 1};
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return std::unexpected(Error{.message = "this is not UTF-8 text", .position = at});
    if (is_control(text[0])) {
      return std::unexpected(
          Error{.message = fmt::format("a control character (0x{:02X})", static_cast<unsigned char>(text[0])),
                .position = at});
    }
    if (text[0] == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
    text.remove_prefix(length);
  }
  return {};
}

std::string quote(std::string_view text) {
  constexpr size_t kShown = 60;  // bytes of a value shown in a message of one line
  size_t end = std::min(text.size(), kShown);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string shown(text.substr(0, end));
  std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return fmt::format("'{}{}'", shown, end < text.size() ? "..." : "");
}

}  // namespace rateguard::config
