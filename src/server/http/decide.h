// From a check to its answer: asks the limiter or the store, and counts what came of it.
#pragma once

#include <expected>

#include "server/http/answer.h"
#include "server/http/call.h"
#include "server/http/check_form.h"
#include "server/http/problem.h"

namespace rateguard::http {

// Every configured rule that matches. The answer points into the loop and lives until its next decision.
Answer decide(Loop& loop, const RequestFacts& facts, Instant now);

// Any form. The problem: an unknown rule, or a key that the rule cannot take.
std::expected<Answer, Problem> decide(Loop& loop, const CheckForm& form, Instant now);

// A direct check that was run already, as part of a batch.
Answer answer_of(Loop& loop, const DirectCheck& check);

// Why RuleSet::lookup refused.
Problem lookup_problem(const RuleCheck& check, const Policy& policy, const Error& error);

}  // namespace rateguard::http
