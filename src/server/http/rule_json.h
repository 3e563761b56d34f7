// A configured rule as GET /v1/rules shows it.
#pragma once

#include <string>

#include "rules/rule.h"

namespace rateguard::http_api {

// Appends an object with everything that the rule says, as it is in force: limits as what they come to, API keys,
// cookies and tokens counted instead of shown.
void append_rule(std::string& out, const rules::Rule& rule);

}  // namespace rateguard::http_api
