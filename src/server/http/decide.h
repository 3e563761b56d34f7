// From a check's form to its answer or its problem.
#pragma once

#include <expected>

#include "server/http/answer.h"
#include "server/http/call.h"
#include "server/http/check_form.h"
#include "server/http/problem.h"

namespace rateguard::http_api {

// With Explain::kYes facts are decided by server::CheckDesk::explain(). The answer points into the workspace and lives
// until its next decision. The problem: an unknown rule, or a key that the rule cannot take.
std::expected<Answer, Problem> decide(Workspace& workspace, const CheckForm& form, Explain explain, Now now);

// Why RuleSet::lookup refused.
Problem lookup_problem(const RuleCheck& check, const Policy& policy, const Error& error);

}  // namespace rateguard::http_api
