// Which field of a record holds what: the default names, and those that --columns gives.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rateguard::simulate {

// What a record can say about a request.
enum class FieldKind : uint8_t { kTime, kClient, kMethod, kPath, kHost, kUser, kApiKey, kWorkspace, kPlan, kCost };
inline constexpr size_t kFieldKinds = 10;

// "time", "ip", ...: as in --columns.
std::string_view to_string(FieldKind kind);
// The names under which a field is looked for where --columns says nothing; the first that a record has counts.
std::vector<std::string_view> default_names(FieldKind kind);

// What --columns says. Empty members: the default names.
struct ColumnMap {
  std::array<std::string, kFieldKinds> names = {};                // the cost's is in cost_terms
  std::vector<std::string> cost_terms = {};                       // added up: "ContextTokens+GeneratedTokens"
  std::vector<std::pair<std::string, std::string>> headers = {};  // header name, column

  // "time=TIMESTAMP,cost=ContextTokens+GeneratedTokens,header:X-Tenant=tenant". Empty text: all defaults. Errors:
  // kInvalid with the valid names.
  static Result<ColumnMap> parse(std::string_view text);
};

// The sum of costs written as decimal integers. Errors say which is none, or that the sum is beyond 2^32 - 1.
std::expected<uint32_t, std::string> add_cost(uint32_t sum, std::string_view term, std::string_view column);

}  // namespace rateguard::simulate
