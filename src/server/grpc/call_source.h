// The gRPC calls answered, over all event loops: the figures of a scrape.
#pragma once

#include <vector>

#include "metrics/source.h"
#include "server/grpc/grpc_metrics.h"

namespace rateguard::grpc {

class CallSource final : public metrics::Source {
 public:
  // Before the loops run; `loop` outlives the last scrape.
  void add(const GrpcMetrics& loop) { loops_.push_back(&loop); }

  void report(metrics::Writer& out) const override;

 private:
  std::vector<const GrpcMetrics*> loops_;
};

}  // namespace rateguard::grpc
