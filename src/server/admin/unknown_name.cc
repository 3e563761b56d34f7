#include "server/admin/unknown_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/problems.h"

namespace rateguard::admin {

std::string unknown_name(std::string_view name, const std::vector<std::string_view>& known) {
  if (known.empty()) return "is unknown; none is known here";
  const std::string_view guess = config::nearest(name, known);
  if (!guess.empty()) return fmt::format("is unknown; did you mean {}?", guess);
  return fmt::format("is unknown; known are {}", fmt::join(known, ", "));
}

}  // namespace rateguard::admin
