// From a check to its answer: asks the limiter or the store, and records what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/recorder.h"
#include "limiter/limiter.h"
#include "model/request_facts.h"
#include "server/answer.h"
#include "server/check.h"
#include "server/decision_metrics.h"
#include "server/decision_note.h"
#include "server/direct_check.h"
#include "server/service.h"
#include "store/settlement.h"

namespace rateguard::server {

// The rules in force on one loop, with each one's place in the metrics.
struct RulesInForce {
  Policy policy;
  std::vector<RuleSlot> slots;  // by RuleId

  const rules::Rule& rule(rules::RuleId id) const { return policy.rules->rules()[id]; }
};

// Used on one event loop's thread; the arguments of its constructor outlive it. Nothing is allocated per check once its
// buffers have grown. An answer points into the CheckDesk and lives until its next decision. If the store may have to
// be waited for, one task at a time uses it.
class CheckDesk {
 public:
  CheckDesk(Service& service, const LoopStore& store, DecisionMetrics& metrics)
      : service_(service),
        metrics_(metrics),
        recorder_(store.recorder),
        store_(store.store),
        limiter_(store.store),
        direct_(store.store, store.on_failure),
        labels_(service.decisions.labels()) {}

  // Sets the policy from the next check on. REQUIRES: called before the first check.
  void set_policy(Policy policy);
  const RulesInForce& in_force() const { return in_force_; }
  const Policy& policy() const { return in_force_.policy; }

  // By which door come the checks from here on.
  void set_door(event::Door door) { door_ = door; }

  // Every configured rule that matches.
  Answer decide(const RequestFacts& facts, Now now);
  // As decide(), with figures for every limit: a limit that would have admitted the request, and is not charged because
  // another refuses, has those of a look at its counter. That takes another call of the store.
  Answer explain(const RequestFacts& facts, Now now);
  Answer decide(const AdHocCheck& check, Now now);
  // Errors: as RuleSet::lookup: an unknown rule, or a key that the rule cannot take.
  Result<Answer> decide(const RuleCheck& check, Now now);

  // Many checks at once, which hides the latency of memory: clear(), add() each, run(), then answer() for each in
  // order. add() of a rule has the errors of RuleSet::lookup; earlier checks stay.
  void clear() { direct_.clear(); }
  size_t add(const AdHocCheck& check) { return direct_.add(check); }
  Result<size_t> add(const RuleCheck& check) { return direct_.add(check, in_force_.policy); }
  size_t added() const { return direct_.size(); }
  void run(Now now);
  // Records the check at `index`. REQUIRES: run() was called after it was added; once for each.
  Answer answer(size_t index) { return answer_of(direct_[index]); }
  // The counter of a check and what run() found, unrecorded: for whoever looks rather than asks.
  const DirectCheck& direct(size_t index) const { return direct_[index]; }
  // What settle() needs of a check that was decided at `now`, alone (0) or at `index`. None: as receipt_of(), or there
  // are no random bits to name it by.
  std::optional<ChargeReceipt> receipt(size_t index, Instant now) const;
  // The secret that signs charges of the counter of the check at `index`. None: its store has not been reached yet.
  std::optional<ChargeSecret> charge_secret(size_t index) const {
    return service_.charge_secrets.of(direct_[index].terms.store);
  }
  // As rateguard::settle(), for the counter of the check at `index`, which need not be run. REQUIRES: it has a limit.
  Settlement settle(size_t index, const ChargeReceipt& receipt, uint64_t actual, Now now);

  // What the access log says about the decisions since the last call. Nothing is noted without an access log.
  DecisionNote take_note() { return std::exchange(note_, {}); }

 private:
  Answer answer_of(const DirectCheck& check);
  void record(const Answer& answer);
  void tell_recorder(const Answer& answer);
  void note(const Answer& answer);
  void look_at_what_was_held_back(const Answer& answer, Now now);

  const Service& service_;
  DecisionMetrics& metrics_;
  event::Recorder* const recorder_;  // null: nobody listens
  event::Door door_ = event::Door::kHttpCheck;
  Instant decided_at_;
  RulesInForce in_force_;
  Store& store_;
  Limiter limiter_;
  DirectChecks direct_;
  RuleLabels& labels_;
  std::vector<AnswerLine> lines_;
  std::vector<Charge> looks_;
  std::vector<ChargeGroup> look_groups_;
  std::vector<event::ChargedLimit> charged_;  // of what the recorder is being told
  DecisionNote note_;
};

}  // namespace rateguard::server
