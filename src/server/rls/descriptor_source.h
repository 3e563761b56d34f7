// What was answered as Envoy's rate limit service, over all event loops: the figures of a scrape.
#pragma once

#include <vector>

#include "metrics/source.h"
#include "server/rls/descriptor_labels.h"
#include "server/rls/descriptor_metrics.h"

namespace rateguard::rls {

class DescriptorSource final : public metrics::Source {
 public:
  // Before the loops run; `loop` outlives the last scrape.
  void add(const DescriptorMetrics& loop) { loops_.push_back(&loop); }

  DescriptorLabels& labels() { return labels_; }
  void report(metrics::Writer& out) const override;

 private:
  DescriptorLabels labels_;
  std::vector<const DescriptorMetrics*> loops_;
};

}  // namespace rateguard::rls
