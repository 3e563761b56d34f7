#include "server/http/decide.h"

#include <chrono>

namespace rateguard::http {
namespace {

// Times one decision in kLatencySampling.
class DecisionTimer {
 public:
  explicit DecisionTimer(metrics::LoopMetrics& metrics) : metrics_(metrics), timed_(metrics.sample_latency()) {
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
  metrics::LoopMetrics& metrics_;
  bool timed_;
  std::chrono::steady_clock::time_point begin_ = {};
};

void count(metrics::LoopMetrics& metrics, const Answer& answer) {
  if (answer.allowed) {
    metrics.count_admitted();
  } else {
    metrics.count_refused();
  }
  if (!answer.rejected_by.empty()) {
    metrics.rule(answer.rejected_slot).blocked.add();
  } else if (answer.lines.empty()) {
    metrics.rule(metrics::kUnmatchedSlot).allowed.add();
  }
  for (const AnswerLine& line : answer.lines) {
    metrics::RuleCounters& counters = metrics.rule(line.slot);
    const bool fits = line.decision.allowed();
    if (line.mode == Mode::kShadow) {
      (fits ? counters.allowed : counters.shadow_blocked).add();
    } else if (answer.allowed) {
      counters.allowed.add();
    } else if (!fits) {
      counters.blocked.add();
    }
  }
}

}  // namespace

Answer decide(Loop& loop, const RequestFacts& facts, Instant now) {
  const PolicyInForce& in_force = loop.in_force;
  const Outcome* outcome = nullptr;
  {
    const DecisionTimer timer(loop.metrics);
    outcome = &loop.limiter.check(in_force.policy, facts, now);
  }
  const auto matched = loop.limiter.matches().limits();
  loop.lines.clear();
  for (size_t i = 0; i < outcome->judged.size(); ++i) {
    const Outcome::Judged& judged = outcome->judged[i];
    loop.lines.push_back({.rule = in_force.rule(judged.rule).name,
                          .limit = matched[i].limit,
                          .mode = judged.mode,
                          .decision = judged.decision,
                          .slot = in_force.slots[judged.rule]});
  }
  Answer answer{.allowed = outcome->allowed(), .degraded = outcome->degraded, .lines = loop.lines};
  if (outcome->deciding) answer.deciding = &loop.lines[*outcome->deciding];
  if (outcome->rejected_by) {
    answer.rejected_by = in_force.rule(*outcome->rejected_by).name;
    answer.rejected_slot = in_force.slots[*outcome->rejected_by];
    answer.missing_part = outcome->missing_part;
  }
  count(loop.metrics, answer);
  return answer;
}

Answer answer_of(Loop& loop, const DirectCheck& check) {
  loop.lines.clear();
  Answer answer;
  if (check.limit) {
    AnswerLine line{.limit = &*check.limit, .mode = check.mode, .decision = check.decision};
    if (check.rule) {
      line.rule = loop.in_force.rule(*check.rule).name;
      line.slot = loop.in_force.slots[*check.rule];
    }
    loop.lines.push_back(line);
    answer.lines = loop.lines;
    if (check.mode == Mode::kEnforce) {
      answer.deciding = loop.lines.data();
      answer.allowed = check.decision.allowed();
    }
  }
  count(loop.metrics, answer);
  return answer;
}

std::expected<Answer, Problem> decide(Loop& loop, const CheckForm& form, Instant now) {
  if (const auto* facts = std::get_if<FactsCheck>(&form)) return decide(loop, facts->facts, now);
  loop.direct.clear();
  {
    const DecisionTimer timer(loop.metrics);
    if (const auto* ad_hoc = std::get_if<AdHocCheck>(&form)) {
      loop.direct.add(*ad_hoc);
    } else {
      const RuleCheck& rule = std::get<RuleCheck>(form);
      if (auto added = loop.direct.add(rule, loop.in_force.policy); !added) {
        return std::unexpected(lookup_problem(rule, loop.in_force.policy, added.error()));
      }
    }
    loop.direct.run(now);
  }
  return answer_of(loop, loop.direct[0]);
}

Problem lookup_problem(const RuleCheck& check, const Policy& policy, const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {.status = 404, .detail = error.message, .field = "rule"};
  const auto id = policy.rules->find(check.rule);
  const rules::Rule* const rule = id ? &policy.rules->rules()[*id] : nullptr;
  const bool plan_is_wrong = rule != nullptr && !rule->limit && !rule->by_plan.contains(std::string(check.plan)) &&
                             !rule->by_plan.contains("default");
  return {.status = 400, .detail = error.message, .field = plan_is_wrong ? "plan" : "key"};
}

}  // namespace rateguard::http
