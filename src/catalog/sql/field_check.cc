#include "catalog/sql/field_check.h"

#include <fmt/format.h>

#include "catalog/record_constraints.h"
#include "catalog/sql/field_codec.h"
#include "text/utf8.h"

namespace rateguard::catalog {
namespace {

std::optional<std::string> too_long(size_t bytes) {
  if (bytes <= kFieldBytesMax) return std::nullopt;
  return fmt::format("has {} bytes; at most {} are kept", bytes, kFieldBytesMax);
}

std::optional<std::string> problem_of(const std::string& text) {
  return problem_of_text(text);
}
std::optional<std::string> problem_of(const TextList& list) {
  for (const std::string& entry : list) {
    if (auto problem = problem_of_text(entry)) return problem;
  }
  return too_long(encode_list(list).size());
}
std::optional<std::string> problem_of(const TextMap& map) {
  for (const auto& [name, value] : map) {
    if (auto problem = problem_of_text(name)) return problem;
    if (auto problem = problem_of_text(value)) return problem;
  }
  return too_long(encode_map(map).size());
}
std::optional<std::string> problem_of(const auto&) {
  return std::nullopt;
}
template <typename T>
std::optional<std::string> problem_of(const std::optional<T>& value) {
  return value ? problem_of(*value) : std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of_text(std::string_view text) {
  if (auto problem = too_long(text.size())) return problem;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t length = utf8_length(rest);
    if (length == 0) return "is not UTF-8";
    if (rest.front() == '\0') return "contains a NUL";
    rest.remove_prefix(length);
  }
  return std::nullopt;
}

CatalogResult<void> check_fields(const AnyRecord& record) {
  CatalogResult<void> result;
  visit_fields(record, [&](RecordField field, const auto& value) {
    if (!result) return;
    const auto problem = problem_of(value);
    if (!problem) return;
    result = std::unexpected(CatalogRefusal{.fault = CatalogFault::kInvalid,
                                            .message = fmt::format("{} {}", field.name, *problem),
                                            .field = std::string(field.name)});
  });
  return result;
}

}  // namespace rateguard::catalog
