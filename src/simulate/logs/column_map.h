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

// The fields that a record can have about a request.
enum class FieldKind : uint8_t {
  kTime,
  kClient,
  kMethod,
  kPath,
  kHost,
  kUser,
  kApiKey,
  kWorkspace,
  kPlan,
  kCost,
  kRequest,  // "POST /a HTTP/1.1": method, path and host in one; separate fields take precedence
};
inline constexpr size_t kFieldKinds = 11;

// "time", "ip", ...: as in --columns.
std::string_view to_string(FieldKind kind);
// The names under which a field is looked for by default; the first that a record has counts. Those with dots lead into
// objects.
std::vector<std::string_view> default_names(FieldKind kind);
// The same for a header field: $http_x_tenant of nginx, request_X-Tenant of Traefik, and for the best known ones the
// names that others give them. `name` is in lower case.
std::vector<std::string> default_header_names(std::string_view name);
// The objects that hold header fields by their names.
std::vector<std::string_view> header_object_names();

// What --columns says. Empty members: the default names.
struct ColumnMap {
  std::array<std::string, kFieldKinds> names = {};                // the cost's is in cost_terms
  std::vector<std::string> cost_terms = {};                       // added up: "ContextTokens+GeneratedTokens"
  std::vector<std::pair<std::string, std::string>> headers = {};  // header name, column

  // "time=TIMESTAMP,cost=ContextTokens+GeneratedTokens,header:X-Tenant=tenant". Empty text: all defaults. Errors:
  // kInvalid with the valid names.
  static Result<ColumnMap> parse(std::string_view text);

  bool empty() const;
  // Every column that is named, as often as it is.
  std::vector<std::string> given() const;
  // A column with the field it was given for, as in the option: "ip=client_adr". REQUIRES: it is one of given().
  std::string as_given(std::string_view column) const;
};

// The sum of costs. A term is a whole number, however it is written: "1000", "1000.0", "1e3". Errors say which term is
// not such a number, or that the sum exceeds kUnitsMax.
std::expected<uint64_t, std::string> add_cost(uint64_t sum, std::string_view term, std::string_view column);

}  // namespace rateguard::simulate
