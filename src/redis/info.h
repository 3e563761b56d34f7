// The text that INFO answers: lines of `name:value`, and headings that begin with '#'.
#pragma once

#include <string_view>

namespace rateguard::redis {

// The value of a field, borrowed from the text; empty if there is no such line.
inline std::string_view info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const size_t end = info.find('\n');
    std::string_view line = info.substr(0, end);
    info = end == std::string_view::npos ? std::string_view() : info.substr(end + 1);
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    return line.substr(0, line.find('\r'));
  }
  return {};
}

}  // namespace rateguard::redis
