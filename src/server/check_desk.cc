#include "server/check_desk.h"

#include <algorithm>
#include <chrono>

#include "server/charge_id.h"

namespace rateguard::server {
namespace {

// Times one decision in kLatencySampling.
class DecisionTimer {
 public:
  explicit DecisionTimer(DecisionMetrics& metrics) : metrics_(metrics), timed_(metrics.sample_latency()) {
    if (timed_) begin_ = std::chrono::steady_clock::now();
  }
  ~DecisionTimer() {
    if (!timed_) return;
    const auto passed = std::chrono::steady_clock::now() - begin_;
    metrics_.record_latency(std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count());
  }
  DecisionTimer(const DecisionTimer&) = delete;
  DecisionTimer& operator=(const DecisionTimer&) = delete;

 private:
  DecisionMetrics& metrics_;
  bool timed_;
  std::chrono::steady_clock::time_point begin_ = {};
};

void count(DecisionMetrics& metrics, const Answer& answer) {
  if (answer.allowed) {
    metrics.count_admitted();
  } else {
    metrics.count_refused();
  }
  if (!answer.rejected_by.empty()) {
    metrics.rule(answer.rejected_slot).blocked.add();
  } else if (answer.lines.empty()) {
    metrics.rule(answer.exempted_slot).allowed.add();
  }
  for (const AnswerLine& line : answer.lines) {
    RuleCounters& counters = metrics.rule(line.slot);
    const bool fits = line.decision.allowed();
    if (line.basis != Basis::kCounter) counters.degraded.add();
    if (line.decision.debt_is_cut) counters.debts_cut.add();
    if (line.mode == Mode::kShadow) {
      (fits ? counters.allowed : counters.shadow_blocked).add();
    } else if (answer.allowed) {
      counters.allowed.add();
    } else if (!fits) {
      counters.blocked.add();
    }
  }
}

event::ChargedLimit charged_of(const Answer& answer, const AnswerLine& line) {
  event::ChargedLimit charged{.rule = line.rule,
                              .counter = line.key,
                              .limit = line.limit,
                              .mode = line.mode,
                              .verdict = line.decision.verdict,
                              .basis = line.basis,
                              .asked = signed_units(line.cost),
                              .charged = answer.has_charged(line) ? signed_units(line.cost) : 0};
  if (line.basis == Basis::kCounter) charged.used_before = event::used_before(line.decision, charged.asked);
  return charged;
}

}  // namespace

void CheckDesk::set_policy(Policy policy) {
  in_force_.slots.clear();
  for (const rules::Rule& rule : policy.rules->rules()) in_force_.slots.push_back(labels_.slot(rule.name));
  in_force_.policy = std::move(policy);
}

Answer CheckDesk::decide(const RequestFacts& facts, Now now) {
  decided_at_ = now;
  const Outcome* outcome = nullptr;
  {
    const DecisionTimer timer(metrics_);
    outcome = &limiter_.check(in_force_.policy, facts, now);
  }
  const auto matched = limiter_.matches().limits();
  lines_.clear();
  std::optional<size_t> deciding;
  for (size_t i = 0; i < outcome->judged.size(); ++i) {
    const Outcome::Judged& judged = outcome->judged[i];
    if (judged.basis == Basis::kNotAsked) continue;
    if (outcome->deciding == i) deciding = lines_.size();
    lines_.push_back({.rule = in_force_.rule(judged.rule).name,
                      .key = matched[i].key,
                      .limit = matched[i].limit,
                      .mode = judged.mode,
                      .basis = judged.basis,
                      .cost = cost_on(*matched[i].limit, matched[i].cost),
                      .decision = judged.decision,
                      .slot = in_force_.slots[judged.rule]});
  }
  if (lines_.empty() && !outcome->judged.empty()) return {.allowed = false};  // the client has gone
  Answer answer{.allowed = outcome->allowed(), .degraded = outcome->degraded, .lines = lines_};
  if (deciding) answer.deciding = &lines_[*deciding];
  if (outcome->rejected_by) {
    answer.rejected_by = in_force_.rule(*outcome->rejected_by).name;
    answer.rejected_slot = in_force_.slots[*outcome->rejected_by];
    answer.missing_part = outcome->missing_part;
    answer.unknown_plan = outcome->unknown_plan;
  }
  if (outcome->exempted_by) {
    answer.exempted_by = in_force_.rule(*outcome->exempted_by).name;
    answer.exempted_slot = in_force_.slots[*outcome->exempted_by];
  }
  record(answer);
  return answer;
}

// The one place that every decision of this desk passes, once.
void CheckDesk::record(const Answer& answer) {
  count(metrics_, answer);
  note(answer);
  if (recorder_ != nullptr) tell_recorder(answer);
}

void CheckDesk::tell_recorder(const Answer& answer) {
  event::Decided decided{.door = door_,
                         .at = decided_at_,
                         .verdict = answer.allowed ? Verdict::kAdmitted : Verdict::kRefused,
                         .degraded = answer.degraded,
                         .rule = answer.rejected_by.empty() ? answer.exempted_by : answer.rejected_by};
  if (answer.deciding != nullptr) {
    decided.rule = answer.deciding->rule;
    decided.counter = answer.deciding->key;
    decided.cost = signed_units(answer.deciding->cost);
  }
  charged_.clear();
  for (const AnswerLine& line : answer.lines) charged_.push_back(charged_of(answer, line));
  decided.charges = charged_;
  recorder_->tell(decided);
}

void CheckDesk::run(Now now) {
  decided_at_ = now;
  direct_.run(now);
}

std::optional<ChargeReceipt> CheckDesk::receipt(size_t index, Instant now) const {
  const DirectCheck& check = direct_[index];
  const auto id = check.limit ? next_charge_id() : std::nullopt;
  if (!id) return std::nullopt;
  const Charge charge{.key = check.key,
                      .limit = &*check.limit,
                      .cost = check.cost,
                      .mode = check.mode,
                      .terms = check.terms,
                      .basis = check.basis,
                      .decision = check.decision};
  return receipt_of(charge, now, *id);
}

Settlement CheckDesk::settle(size_t index, const ChargeReceipt& receipt, uint64_t actual, Now now) {
  const DirectCheck& check = direct_[index];
  const Charge charge{.key = check.key, .limit = &*check.limit, .terms = check.terms};
  return rateguard::settle(store_, charge, receipt, actual, now);
}

Answer CheckDesk::answer_of(const DirectCheck& check) {
  if (check.basis == Basis::kNotAsked) return {.allowed = false};  // the client has gone
  lines_.clear();
  Answer answer;
  if (check.limit) {
    AnswerLine line{.key = check.key,
                    .limit = &*check.limit,
                    .mode = check.mode,
                    .basis = check.basis,
                    .cost = check.cost,
                    .decision = check.decision};
    if (check.rule) {
      line.rule = in_force_.rule(*check.rule).name;
      line.slot = in_force_.slots[*check.rule];
    }
    lines_.push_back(line);
    answer.lines = lines_;
    answer.degraded = check.basis != Basis::kCounter;
    if (check.mode == Mode::kEnforce) {
      answer.allowed = check.decision.allowed();
      if (check.basis != Basis::kDenied) answer.deciding = lines_.data();
    }
  }
  record(answer);
  return answer;
}

void CheckDesk::note(const Answer& answer) {
  if (!service_.settings.access_log) return;
  ++note_.decisions;
  const bool first_refusal = !answer.allowed && note_.refused++ == 0;
  if (!answer.allowed) note_.verdict = Verdict::kRefused;
  note_.degraded = note_.degraded || answer.degraded;
  if (note_.decisions > 1 && !first_refusal) return;
  const AnswerLine* const deciding = answer.deciding;
  note_.rule = deciding != nullptr ? deciding->rule : answer.rejected_by;
  note_.subject = deciding != nullptr ? subject_tag(deciding->key) : std::string();
  note_.cost.reset();
  if (deciding != nullptr) note_.cost = signed_units(deciding->cost);
}

Answer CheckDesk::explain(const RequestFacts& facts, Now now) {
  const Answer answer = decide(facts, now);
  if (!answer.allowed && answer.rejected_by.empty()) look_at_what_was_held_back(answer, now);
  return answer;
}

void CheckDesk::look_at_what_was_held_back(const Answer& answer, Now now) {
  const auto is_held_back = [&](const AnswerLine& line) {
    return line.mode == Mode::kEnforce && line.basis == Basis::kCounter && line.decision.allowed() &&
           line.cost.units != 0 && !answer.has_charged(line);
  };
  looks_.clear();
  look_groups_.clear();
  for (const AnswerLine& line : lines_) {
    if (!is_held_back(line)) continue;
    const auto match = std::ranges::find(limiter_.matches().limits(), line.key, &rules::MatchedLimit::key);
    looks_.push_back({.key = line.key, .limit = line.limit, .cost = {0}, .terms = match->terms});
  }
  if (looks_.empty()) return;
  for (Charge& look : looks_) look_groups_.push_back({{&look, 1}});
  store_.charge_batch(look_groups_, now);
  size_t next = 0;
  for (AnswerLine& line : lines_) {
    if (!is_held_back(line)) continue;
    const Charge& look = looks_[next++];
    if (look.basis == Basis::kCounter) line.decision = look.decision;
  }
}

Answer CheckDesk::decide(const AdHocCheck& check, Now now) {
  direct_.clear();
  {
    const DecisionTimer timer(metrics_);
    direct_.add(check);
    run(now);
  }
  return answer_of(direct_[0]);
}

Result<Answer> CheckDesk::decide(const RuleCheck& check, Now now) {
  direct_.clear();
  {
    const DecisionTimer timer(metrics_);
    if (auto added = direct_.add(check, in_force_.policy); !added) return std::unexpected(std::move(added.error()));
    run(now);
  }
  return answer_of(direct_[0]);
}

}  // namespace rateguard::server
