// Which limit of a rule holds for a caller, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/limit.h"

namespace rateguard::rules {

// Where a limit comes from: the first of these that has one.
enum class LimitSource : uint8_t {
  kKey,         // the API key's record
  kWorkspace,   // its workspace's
  kPlan,        // the record of its plan
  kRuleByName,  // the rule's by_subject
  kRuleByPlan,  // the rule's by_plan
  kRule,
  kNone,  // the rule goes by plan, and has no limit for this one
};
// "key", "workspace", "plan", "by_subject", "by_plan", "rule", "none".
constexpr std::string_view to_string(LimitSource source) {
  constexpr std::string_view kNames[] = {"key", "workspace", "plan", "by_subject", "by_plan", "rule", "none"};
  return kNames[static_cast<uint8_t>(source)];
}

struct EffectiveLimit {
  uint32_t rule = 0;                // RuleId
  std::optional<Limit> limit = {};  // nullopt: unlimited, or kNone
  LimitSource source = LimitSource::kNone;
  std::string problem = {};  // why a limit of the caller's own does not hold, since the rule cannot count by it
};

}  // namespace rateguard::rules
