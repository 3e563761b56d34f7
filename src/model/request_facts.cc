#include "model/request_facts.h"

#include "model/ascii.h"

namespace rateguard {

std::string_view find_header(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace rateguard
