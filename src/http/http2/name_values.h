// Fields and bytes in nghttp2's types.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/request_facts.h"

namespace rateguard::http {

inline std::string_view view_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Fields as nghttp2 takes them; for the number that our answers have, on the stack. Borrows their bytes.
class NameValues {
 public:
  explicit NameValues(std::span<const Header> fields);
  NameValues(const NameValues&) = delete;
  NameValues& operator=(const NameValues&) = delete;
  nghttp2_nv* data() { return many_.empty() ? few_.data() : many_.data(); }
  size_t size() const { return size_; }

 private:
  std::array<nghttp2_nv, 16> few_;
  std::vector<nghttp2_nv> many_;
  size_t size_ = 0;
};

}  // namespace rateguard::http
