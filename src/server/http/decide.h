// Decides the form of a check: gives its answer or its problem.
#pragma once

#include <expected>

#include "server/http/answer.h"
#include "server/http/call.h"
#include "server/http/check_form.h"
#include "server/http/problem.h"

namespace rateguard::http_api {

// With Explain::kYes facts are decided by server::CheckDesk::explain(). The answer points into the workspace and lives
// until its next decision. The problem is an unknown rule, or a key that does not fit the rule.
std::expected<Answer, Problem> decide(Workspace& workspace, const CheckForm& form, Explain explain, Now now);

// The problem for an error of RuleSet::lookup.
Problem lookup_problem(const RuleCheck& check, const Policy& policy, const Error& error);

}  // namespace rateguard::http_api
