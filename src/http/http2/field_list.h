// Header fields as HTTP/2 takes them, in one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/request_facts.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

// Fields in one buffer, so that a list that is used again allocates nothing.
class FieldList {
 public:
  void add(std::string_view name, std::string_view value);
  // As add(), for a value that was checked already.
  void add_valid(std::string_view name, std::string_view value);
  // As add(), under the name in lower case; dropped if HTTP/2 has no place for the field.
  void add_lower(std::string_view name, std::string_view value);
  void clear();
  bool empty() const { return places_.empty(); }
  // Valid until the next change.
  std::span<const Header> fields();
  // As fields(), with one more after them, whose texts live as long.
  std::span<const Header> fields_and(Header last);

  static constexpr size_t kPerField = 32;  // what RFC 9113, section 6.5.2 adds to the text

 private:
  struct Place {
    uint32_t name_size;
    uint32_t value_size;
  };
  net::ByteBuffer text_;
  std::vector<Place> places_;
  std::vector<Header> fields_;
};

}  // namespace rateguard::http
