// check(): the whole life of a decision.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identify/identify.h"
#include "model/request_facts.h"
#include "rules/rule_set.h"
#include "store/store.h"

namespace rateguard {

// The rules in force: replaced as a whole by a reload.
struct Policy {
  std::shared_ptr<const rules::RuleSet> rules;
  std::shared_ptr<const identify::Identifier> identifier;
};

// The answer to one request.
struct Outcome {
  // A limit that was asked, with its own decision.
  struct Judged {
    rules::RuleId rule = 0;
    Mode mode = Mode::kEnforce;
    Basis basis = Basis::kCounter;
    Decision decision = {};
  };

  Verdict verdict = Verdict::kAdmitted;
  // The index in `judged` of the limit that decides: when refused, the one with the longest wait; when admitted, the
  // one with the smallest share left. None if no enforced limit applies.
  std::optional<size_t> deciding = {};
  // Refused because the request lacks what this rule counts by (`missing: reject`).
  std::optional<rules::RuleId> rejected_by = {};
  std::string_view missing_part = {};
  bool unknown_plan = false;  // the request has a plan, but that rule has no limit for it
  // Admitted because this rule exempts the request from all others (`limit: unlimited`).
  std::optional<rules::RuleId> exempted_by = {};
  bool degraded = false;   // some limit could not be asked (`on_store_failure`)
  bool undecided = false;  // refused only for that reason
  std::vector<Judged> judged = {};

  bool allowed() const { return verdict == Verdict::kAdmitted; }
};

// The index of the decision that speaks for all of a request's enforced limits: when refused, the one with the longest
// wait; when admitted, the one with the smallest share left; the first among equals. None if none is enforced, or if
// one of them could not be asked and refuses for that reason.
std::optional<size_t> deciding_limit(std::span<const Outcome::Judged> judged);

// One per event loop: it owns the buffers that a decision needs, so that a check allocates nothing.
// Not thread-safe; the store behind it is.
class Limiter {
 public:
  explicit Limiter(Store& store) : store_(store) {}

  // Decides a request by every configured rule that matches. The result lives until the next call.
  const Outcome& check(const Policy& policy, const RequestFacts& facts, Now now);
  // What the last check() matched, for callers that name the counters: one limit for each of Outcome::judged, in the
  // same order.
  const rules::Matches& matches() const { return matches_; }

  // The same, given that `routed` is the result of policy.rules->route() for these facts, or for others with the same
  // method, host and target.
  const Outcome& check(const Policy& policy, const RequestFacts& facts, const rules::Routed& routed, Now now);

 private:
  // Charges what matched, and makes an outcome of the decisions.
  const Outcome& decide(const Subject& subject, Now now);
  void prepare_charges();
  void conclude();

  Store& store_;
  // Buffers that the next request uses again.
  identify::Scratch scratch_;
  rules::Matches matches_;
  std::vector<Charge> charges_;
  Outcome outcome_;
};

}  // namespace rateguard
