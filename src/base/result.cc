#include "base/result.h"

#include <fmt/format.h>

namespace rateguard {

std::string Error::to_string() const {
  if (position.file.empty() && position.line == 0) return message;
  const std::string file = position.file.empty() ? "input" : position.file;
  if (position.line == 0) return fmt::format("{}: {}", file, message);
  return fmt::format("{}:{}:{}: {}", file, position.line, position.column, message);
}

}  // namespace rateguard
