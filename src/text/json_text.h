// Writing JSON by hand into a string that its owner reuses: no document tree, no allocation once the string has grown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/append_all.h"

namespace rateguard {

// `text` as a JSON string with its quotes (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// `"name":["a","b"]`
void append_json_strings(std::string& out, std::string_view name, const std::vector<std::string>& values);

inline void append_number(std::string& out, int64_t value) {
  append_all(out, value);
}

inline void append_bool(std::string& out, bool value) {
  out += value ? std::string_view("true") : "false";
}

// At most `bytes_max` bytes of `text`, cut between characters and marked with "..." if something is left out.
std::string clipped(std::string_view text, size_t bytes_max);

}  // namespace rateguard
