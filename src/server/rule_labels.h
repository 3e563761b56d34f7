// The slots of the rules in the counters, fixed for the life of the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace rateguard::server {

// The index of a label in DecisionMetrics' counters by rule.
struct RuleSlot {
  uint16_t index = 0;
  bool operator==(const RuleSlot&) const = default;
};

// The slots of limits that came with the request itself; of requests that no rule matched; of rules above the bound.
inline constexpr RuleSlot kAdHocSlot{0};
inline constexpr RuleSlot kUnmatchedSlot{1};
inline constexpr RuleSlot kOtherSlot{2};
inline constexpr uint16_t kFixedSlots = 3;

// The most rules with a label of their own: five time series each, which a Prometheus server takes without notice.
inline constexpr uint16_t kLabelledRulesMax = 1000;
inline constexpr uint16_t kRuleSlots = kFixedSlots + kLabelledRulesMax;

// A name keeps its slot across reloads, since a counter may never go down. Thread-safe; too slow for every request:
// slots are looked up once per reload.
class RuleLabels {
 public:
  RuleLabels();

  // The slot of a rule; kOtherSlot once the bound is reached.
  RuleSlot slot(std::string_view rule_name);
  // The labels in use, by slot: "ad_hoc", "none", "other", then the rules.
  std::vector<std::string> names() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> names_ RG_GUARDED_BY(mutex_);
  std::unordered_map<std::string, RuleSlot> slots_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::server
