#include "simulate/logs/line_parser.h"

#include <algorithm>

#include "model/ascii.h"

namespace rateguard::simulate {

bool WantedHeaders::contains(std::string_view name) const {
  return std::ranges::any_of(names_, [&](const std::string& wanted) { return equal_ignoring_case(wanted, name); });
}

}  // namespace rateguard::simulate
