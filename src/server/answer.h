// The answer to one check, in the words of every front end: what its reply is written from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/decision.h"
#include "model/limit.h"
#include "server/rule_labels.h"
#include "store/store.h"

namespace rateguard::server {

// As protocols write a cost: what is given back is negative.
constexpr int64_t signed_units(Cost cost) {
  const auto units = static_cast<int64_t>(cost.units);
  return cost.movement == Movement::kGiveBack ? -units : units;
}

// One limit that was asked.
struct AnswerLine {
  std::string_view rule = {};  // empty: a limit that came with the request
  std::string_view key = {};   // of the counter
  const Limit* limit = nullptr;
  Mode mode = Mode::kEnforce;
  Basis basis = Basis::kCounter;
  Cost cost = {};  // what the request asked this limit for
  Decision decision = {};
  RuleSlot slot = kAdHocSlot;
};

// What an undecided request is told to wait: by then a store that has come back is asked again.
inline constexpr Duration kUndecidedRetry = Duration::seconds(1);

struct Answer {
  bool allowed = true;
  const AnswerLine* deciding = nullptr;  // none: no enforced limit applies
  std::string_view rejected_by = {};     // the rule that refused for want of what it counts by
  std::string_view missing_part = {};    // what that is: "api_key"
  bool unknown_plan = false;             // it has a plan, but one that the rule does not know
  RuleSlot rejected_slot = kUnmatchedSlot;
  std::string_view exempted_by = {};  // the rule that takes the request out of all others
  RuleSlot exempted_slot = kUnmatchedSlot;
  bool degraded = false;
  std::span<const AnswerLine> lines = {};

  // Whether the cost of one of `lines` moved its counter. A limit that would have admitted the request is not charged
  // where another refuses.
  bool has_charged(const AnswerLine& line) const;
  // Refused without a limit's or a rule's word: the store could not be asked (`on_store_failure: deny`).
  bool undecided() const { return !allowed && deciding == nullptr && rejected_by.empty(); }
};

}  // namespace rateguard::server
