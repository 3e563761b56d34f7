// A request's value for one thing that rules count by or compare.
#pragma once

#include <string_view>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/rule.h"

namespace rateguard::rules {

// The value of an API key, user, workspace, plan, member, header, cookie, claim or tag; empty if the request has none.
// A header's is the first field's, without the white space around it (RFC 9110, section 5.5). Lives as long as the
// request. Empty for the other kinds, which are not text of the request.
std::string_view part_value(const Part& part, const RequestFacts& facts, const Subject& subject);

}  // namespace rateguard::rules
