#include "config/text_check.h"

#include <fmt/format.h>

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

}  // namespace rateguard::config
