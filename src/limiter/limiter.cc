#include "limiter/limiter.h"

namespace rateguard {
namespace {

// Whether `a` has less left than `b`, in proportion to their limits; as a product, to stay exact.
bool less_left(const Decision& a, const Decision& b) {
  return uint64_t{a.remaining} * b.limit < uint64_t{b.remaining} * a.limit;
}

bool speaks_before(const Decision& a, const Decision& b) {
  if (a.allowed() != b.allowed()) return !a.allowed();
  return a.allowed() ? less_left(a, b) : a.retry_after > b.retry_after;
}

}  // namespace

std::optional<size_t> deciding_limit(std::span<const Outcome::Judged> judged) {
  const Outcome::Judged* deciding = nullptr;
  for (const Outcome::Judged& one : judged) {
    if (one.mode != Mode::kEnforce || one.basis == Basis::kNotAsked) continue;
    if (one.basis == Basis::kDenied) return std::nullopt;
    if (deciding == nullptr || speaks_before(one.decision, deciding->decision)) deciding = &one;
  }
  if (deciding == nullptr) return std::nullopt;
  return static_cast<size_t>(deciding - judged.data());
}

const Outcome& Limiter::check(const Policy& policy, const RequestFacts& facts, Now now) {
  prepare(policy, facts, now, one_);
  if (!one_.charges.empty()) {
    store_.charge({one_.charges}, now);
  }
  conclude(one_);
  return one_.outcome;
}

void Limiter::check_batch(const Policy& policy, std::span<const RequestFacts> batch, Now now) {
  while (batch_.size() < batch.size()) batch_.emplace_back();
  groups_.clear();
  for (size_t i = 0; i < batch.size(); ++i) {
    prepare(policy, batch[i], now, batch_[i]);
    if (!batch_[i].charges.empty()) groups_.push_back({batch_[i].charges});
  }
  store_.charge_batch(groups_, now);
  for (size_t i = 0; i < batch.size(); ++i) conclude(batch_[i]);
}

void Limiter::prepare(const Policy& policy, const RequestFacts& facts, Now now, Request& out) {
  const Subject subject = policy.identifier->identify(facts, now, scratch_);
  policy.rules->match(facts, subject, now.wall(), out.matches);
  out.outcome.unknown_plan = out.matches.missing_part() == "plan" && !subject.plan.empty();
  // Where a rule refuses whatever the limits say, no enforced one may be charged; shadow limits are charged on their
  // own as ever.
  const bool rejected = out.matches.rejected_by().has_value();
  out.charges.clear();
  for (const rules::MatchedLimit& match : out.matches.limits()) {
    Charge& charge = out.charges.emplace_back();  // in place: a copy would wait for its parts to be written
    charge.key = match.key;
    charge.limit = match.limit;
    charge.cost = rejected && match.mode == Mode::kEnforce ? Cost{0} : cost_on(*match.limit, match.cost);
    charge.mode = match.mode;
    charge.on_failure = match.on_failure;
    charge.consistency = match.consistency;
    charge.place_from = match.place_from;
    charge.store = match.store;
  }
}

void Limiter::conclude(Request& request) {
  Outcome& outcome = request.outcome;
  outcome.verdict = Verdict::kAdmitted;
  outcome.deciding.reset();
  outcome.rejected_by = request.matches.rejected_by();
  outcome.missing_part = request.matches.missing_part();
  outcome.exempted_by = request.matches.exempted_by();
  outcome.degraded = false;
  outcome.undecided = false;
  outcome.judged.clear();
  for (size_t i = 0; i < request.charges.size(); ++i) {
    const rules::MatchedLimit& match = request.matches.limits()[i];
    Outcome::Judged& judged = outcome.judged.emplace_back();
    const Basis basis = request.charges[i].basis;
    judged.rule = match.rule;
    judged.mode = match.mode;
    judged.basis = basis;
    judged.decision = request.charges[i].decision;
    outcome.degraded |= basis != Basis::kCounter && basis != Basis::kNotAsked;
    outcome.undecided |= basis == Basis::kDenied && match.mode == Mode::kEnforce;
  }
  if (outcome.rejected_by) {
    outcome.verdict = Verdict::kRefused;
    return;
  }
  if (outcome.undecided) outcome.verdict = Verdict::kRefused;
  const auto deciding = deciding_limit(outcome.judged);
  if (!deciding) return;
  outcome.deciding = *deciding;
  outcome.verdict = outcome.judged[*deciding].decision.verdict;
}

}  // namespace rateguard
