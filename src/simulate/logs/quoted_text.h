// Text in quotes, as access logs write it: a quote inside is escaped with a backslash.
#pragma once

#include <optional>
#include <string_view>

namespace rateguard::simulate {

// Where the quote is that ends `text`, which begins after the opening one; npos if there is none.
inline size_t find_closing_quote(std::string_view text) {
  size_t at = 0;
  for (;;) {
    at = text.find('"', at);
    if (at == 0 || at == std::string_view::npos || text[at - 1] != '\\') return at;
    size_t backslashes = 1;
    while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at;
    ++at;
  }
}

// The text up to the closing quote, `rest` standing after the opening one; nullopt where it is never closed. `rest`
// moves beyond it.
inline std::optional<std::string_view> take_quoted(std::string_view& rest) {
  const size_t end = find_closing_quote(rest);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

}  // namespace rateguard::simulate
