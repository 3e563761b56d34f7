#include "limiter/limiter.h"

namespace rateguard {
namespace {

// Whether `a` has a smaller share of its limit left than `b`; compares products, to stay exact.
bool less_left(const Decision& a, const Decision& b) {
  using Wide = unsigned __int128;
  return Wide{a.remaining} * b.limit < Wide{b.remaining} * a.limit;
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
  const Subject subject = policy.identifier->identify(facts, now, scratch_);
  policy.rules->match(facts, subject, now.wall(), matches_);
  return decide(subject, now);
}

const Outcome& Limiter::check(const Policy& policy, const RequestFacts& facts, const rules::Routed& routed, Now now) {
  const Subject subject = policy.identifier->identify(facts, now, scratch_);
  policy.rules->match(routed, facts, subject, now.wall(), matches_);
  return decide(subject, now);
}

const Outcome& Limiter::decide(const Subject& subject, Now now) {
  outcome_.unknown_plan = matches_.missing_part() == "plan" && !subject.plan.empty();
  prepare_charges();
  if (!charges_.empty()) store_.charge({charges_}, now);
  conclude();
  return outcome_;
}

void Limiter::prepare_charges() {
  // If a rule refuses regardless of the limits, no enforced one may be charged; shadow limits are charged on their own
  // as usual.
  const bool rejected = matches_.rejected_by().has_value();
  charges_.clear();
  for (const rules::MatchedLimit& match : matches_.limits()) {
    Charge& charge = charges_.emplace_back();  // in place: a copy would have to wait for the stores of its parts
    charge.key = match.key;
    charge.limit = match.limit;
    charge.cost = rejected && match.mode == Mode::kEnforce ? Cost{0} : cost_on(*match.limit, match.cost);
    charge.mode = match.mode;
    charge.terms = match.terms;
  }
}

void Limiter::conclude() {
  outcome_.verdict = Verdict::kAdmitted;
  outcome_.deciding.reset();
  outcome_.rejected_by = matches_.rejected_by();
  outcome_.missing_part = matches_.missing_part();
  outcome_.exempted_by = matches_.exempted_by();
  outcome_.degraded = false;
  outcome_.undecided = false;
  outcome_.judged.clear();
  for (size_t i = 0; i < charges_.size(); ++i) {
    const rules::MatchedLimit& match = matches_.limits()[i];
    Outcome::Judged& judged = outcome_.judged.emplace_back();
    const Basis basis = charges_[i].basis;
    judged.rule = match.rule;
    judged.mode = match.mode;
    judged.basis = basis;
    judged.decision = charges_[i].decision;
    outcome_.degraded |= basis != Basis::kCounter && basis != Basis::kNotAsked;
    outcome_.undecided |= basis == Basis::kDenied && match.mode == Mode::kEnforce;
  }
  if (outcome_.rejected_by) {
    outcome_.verdict = Verdict::kRefused;
    return;
  }
  if (outcome_.undecided) outcome_.verdict = Verdict::kRefused;
  const auto deciding = deciding_limit(outcome_.judged);
  if (!deciding) return;
  outcome_.deciding = *deciding;
  outcome_.verdict = outcome_.judged[*deciding].decision.verdict;
}

}  // namespace rateguard
