#include "server/decision_note.h"

#include <fmt/format.h>

#include "store/memory/key_hash.h"

namespace rateguard::server {

void DecisionNote::add_to(std::vector<LogField>& fields) const {
  if (decisions == 0) return;
  fields.push_back({"verdict", std::string_view(verdict == Verdict::kAdmitted ? "allowed" : "refused")});
  if (!rule.empty()) fields.push_back({"rule", std::string_view(rule)});
  if (!subject.empty()) fields.push_back({"subject", std::string_view(subject)});
  if (cost) fields.push_back({"cost", *cost});
  if (degraded) fields.push_back({"degraded", true});
  if (decisions == 1) return;
  fields.push_back({"decisions", decisions});
  fields.push_back({"refused", refused});
}

std::string subject_tag(std::string_view counter_key) {
  // Without the system's generator there is no secret; then no tag is better than one that anyone can compute.
  static const auto hash = [] {
    const auto key = memory::HashKey::random();
    return key ? std::optional<memory::KeyHash>(memory::KeyHash(*key)) : std::nullopt;
  }();
  if (!hash) return {};
  return fmt::format("{:016x}", (*hash)(counter_key).low);
}

}  // namespace rateguard::server
