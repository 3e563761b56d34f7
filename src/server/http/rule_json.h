// A configured rule as GET /v1/rules shows it.
#pragma once

#include <optional>
#include <string>

#include "model/limit.h"
#include "rules/rule.h"

namespace rateguard::http_api {

// Appends a limit's capacity, and units per period; null: unlimited.
void append_limit(std::string& out, const std::optional<Limit>& limit);
// Appends an object with the whole rule as it is in force: the resulting limits, and the number of API keys, cookies
// and tokens instead of their values.
void append_rule(std::string& out, const rules::Rule& rule);

}  // namespace rateguard::http_api
