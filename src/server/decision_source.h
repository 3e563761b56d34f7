// What the program has decided, over all event loops and front ends: the figures of a scrape.
#pragma once

#include <vector>

#include "metrics/source.h"
#include "server/decision_metrics.h"
#include "server/rule_labels.h"

namespace rateguard::server {

// Decisions by verdict and by rule.
class DecisionSource final : public metrics::Source {
 public:
  // Before the loops run; `loop` outlives the last scrape.
  void add(const DecisionMetrics& loop) { loops_.push_back(&loop); }

  RuleLabels& labels() { return labels_; }
  const std::vector<const DecisionMetrics*>& loops() const { return loops_; }
  void report(metrics::Writer& out) const override;

 private:
  RuleLabels labels_;
  std::vector<const DecisionMetrics*> loops_;
};

// How long decisions took, of the same loops.
class DecisionTimeSource final : public metrics::Source {
 public:
  // `decisions` outlives this.
  explicit DecisionTimeSource(const DecisionSource& decisions) : decisions_(decisions) {}

  void report(metrics::Writer& out) const override;

 private:
  const DecisionSource& decisions_;
};

}  // namespace rateguard::server
