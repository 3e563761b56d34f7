// What makes a rule valid. config/ checks each part and reports errors at the key that is wrong; RuleSet::compile
// checks again, for rules that come from elsewhere.
#pragma once

#include <string_view>

#include "base/result.h"
#include "rules/rule.h"

namespace rateguard::rules {

// A rule's name is a metric label, a segment of a URL and a structured-field string (RFC 9651, section 3.3.3).
inline constexpr size_t kRuleNameMax = 128;
// A key of eight parts fits kCounterKeyMax.
inline constexpr size_t kPartsMax = 8;
// Each rule that applies to everything costs every request; no real file comes near.
inline constexpr size_t kRulesMax = 100'000;

// Printable ASCII without quotes and backslashes, 1 to kRuleNameMax bytes. Errors: kInvalid.
Result<void> check_rule_name(std::string_view name);
// At most kPartsMax parts, no duplicates, `global` only by itself. Errors: kInvalid.
Result<void> check_parts(const std::vector<Part>& per);
// An HTTP method: letters, digits, '-' and '_', up to 32. Errors: kInvalid, saying what to write.
Result<void> check_method(std::string_view method);
// As of a rule. Errors: kInvalid.
Result<void> check_group_name(std::string_view name);
// What a header, a user and so on may be compared with. Errors: kInvalid.
Result<void> check_condition_value(std::string_view value);
// A network that callers' addresses are compared with. Errors: kInvalid for a network inside NAT64's well-known prefix,
// 64:ff9b::/96 (RFC 6052), whose addresses identify() reads as the IPv4 address inside, so that no caller is ever in
// it; the message says which IPv4 network it stands for (docs/decisions/0028-nat64-in-rules.md).
Result<void> check_condition_prefix(const IpPrefix& prefix);
// All of the above, the paths and hosts, that the rule can match some request, and that there is exactly one of limit,
// unlimited and by_plan. Errors: kInvalid at rule.position.
Result<void> check_rule(const Rule& rule);

}  // namespace rateguard::rules
