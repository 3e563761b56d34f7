// What a client sent, made fit for an error message: quoted, printable, short.
#pragma once

#include <string>
#include <string_view>

namespace rateguard::http {

inline std::string quote(std::string_view text) {
  constexpr size_t kShown = 60;  // enough to recognise a line
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) out += c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? c : '?';
  return out + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace rateguard::http
