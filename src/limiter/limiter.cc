#include "limiter/limiter.h"

#include "base/check.h"

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
  std::optional<size_t> deciding;
  for (size_t i = 0; i < judged.size(); ++i) {
    if (judged[i].mode != Mode::kEnforce) continue;
    if (!deciding || speaks_before(judged[i].decision, judged[*deciding].decision)) deciding = i;
  }
  return deciding;
}

const Outcome& Limiter::check(const Policy& policy, const RequestFacts& facts, Instant now) {
  outcome_ = Outcome{.judged = std::move(outcome_.judged)};  // keeps the vector's memory
  outcome_.judged.clear();

  const Subject subject = policy.identifier->identify(facts, now, scratch_);
  policy.rules->match(facts, subject, matches_);

  if (matches_.rejected_by()) {
    // Refused whatever the limits say, so no enforced one may be charged; shadow limits are charged on their own as
    // ever.
    charge_matches({.enforced = Cost{0}, .shadow = facts.cost}, now);
    outcome_.verdict = Verdict::kRefused;
    outcome_.rejected_by = matches_.rejected_by();
    outcome_.missing_part = matches_.missing_part();
    return outcome_;
  }

  charge_matches({.enforced = facts.cost, .shadow = facts.cost}, now);
  outcome_.deciding = deciding_limit(outcome_.judged);
  if (outcome_.deciding) outcome_.verdict = outcome_.judged[*outcome_.deciding].decision.verdict;
  return outcome_;
}

void Limiter::charge_matches(Costs costs, Instant now) {
  if (matches_.limits().empty()) return;
  charges_.clear();
  for (const rules::MatchedLimit& match : matches_.limits()) {
    const Cost cost = match.mode == Mode::kShadow ? costs.shadow : costs.enforced;
    charges_.push_back({.key = match.key, .limit = match.limit, .cost = cost, .mode = match.mode});
  }

  const Progress progress = store_.charge({charges_}, now);
  RG_CHECK(progress == Progress::kReady);

  for (size_t i = 0; i < charges_.size(); ++i) {
    const rules::MatchedLimit& match = matches_.limits()[i];
    outcome_.judged.push_back({.rule = match.rule, .mode = match.mode, .decision = charges_[i].decision});
  }
}

}  // namespace rateguard
