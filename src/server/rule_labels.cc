#include "server/rule_labels.h"

namespace rateguard::server {

RuleLabels::RuleLabels() : names_{"ad_hoc", "none", "other"} {}

RuleSlot RuleLabels::slot(std::string_view rule_name) {
  const HeldLock lock(mutex_);
  if (const auto found = slots_.find(std::string(rule_name)); found != slots_.end()) return found->second;
  if (names_.size() >= kRuleSlots) return kOtherSlot;
  const RuleSlot slot{static_cast<uint16_t>(names_.size())};
  names_.emplace_back(rule_name);
  slots_.emplace(rule_name, slot);
  return slot;
}

std::vector<std::string> RuleLabels::names() const {
  const HeldLock lock(mutex_);
  return names_;
}

}  // namespace rateguard::server
