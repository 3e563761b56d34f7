// A rule's terms in words, as a report shows them.
#pragma once

#include "rules/rule.h"
#include "simulate/report.h"

namespace rateguard::simulate {

RuleTerms rule_terms(const rules::Rule& rule);

}  // namespace rateguard::simulate
