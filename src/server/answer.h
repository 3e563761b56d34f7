// The answer to one check, from which every front end writes its reply.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/decision.h"
#include "model/limit.h"
#include "server/rule_labels.h"
#include "store/store.h"

namespace rateguard::server {

// A cost as protocols write it: negative if units are given back.
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

// How long an undecided request is told to wait: by then a store that is back is asked again.
inline constexpr Duration kUndecidedRetry = Duration::seconds(1);

struct Answer {
  bool allowed = true;
  const AnswerLine* deciding = nullptr;  // null: no enforced limit applies
  std::string_view rejected_by = {};     // the rule that refused because its key was missing
  std::string_view missing_part = {};    // the missing part of the key: "api_key"
  bool unknown_plan = false;             // the request has a plan that the rule does not know
  RuleSlot rejected_slot = kUnmatchedSlot;
  std::string_view exempted_by = {};  // the rule that takes the request out of all others
  RuleSlot exempted_slot = kUnmatchedSlot;
  bool degraded = false;
  std::span<const AnswerLine> lines = {};

  // Whether the cost of one of `lines` was charged to its counter. A limit that would have admitted the request is not
  // charged if another refuses.
  bool has_charged(const AnswerLine& line) const;
  // Refused because the store could not be asked (`on_store_failure: deny`), not by a limit or a rule.
  bool undecided() const { return !allowed && deciding == nullptr && rejected_by.empty(); }
};

}  // namespace rateguard::server
