// Whether what a body gives makes sense: limits, networks, rules and so on, by the same parsers that read a
// configuration, so that what is stored is what works.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/records.h"
#include "server/http/problem.h"

namespace rateguard::admin {

// Checks the fields of `record` that are named in `fields`.
std::vector<http_api::FieldError> check_record(const catalog::AnyRecord& record, std::span<const std::string> fields);

// "600/m burst 20", "1000", "unlimited": a limit of its own, under the name of a rule. What is wrong with it; nullopt:
// nothing.
std::optional<std::string> problem_of_limit(std::string_view text);
std::optional<std::string> problem_of_limit_name(std::string_view name);
// An address for signing in, in lower case. What is wrong with it; nullopt: nothing.
std::optional<std::string> problem_of_email(std::string_view email);

}  // namespace rateguard::admin
