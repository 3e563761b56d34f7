// What was asked over the Redis protocol, over all event loops: the figures of a scrape, and of INFO.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/source.h"
#include "net/connection_host.h"
#include "server/resp/resp_metrics.h"

namespace rateguard::resp {

class RespSource final : public metrics::Source {
 public:
  struct Connections {
    uint64_t open = 0;
    uint64_t accepted = 0;
    uint64_t refused = 0;  // over connections_max
  };

  // Before the loops run; what is added outlives the last scrape.
  void add(const RespMetrics& loop) { loops_.push_back(&loop); }
  void add(const net::ConnectionStats& listener) { listeners_.push_back(&listener); }

  uint64_t commands() const;
  Connections connections() const;
  void report(metrics::Writer& out) const override;

 private:
  std::vector<const RespMetrics*> loops_;
  std::vector<const net::ConnectionStats*> listeners_;
};

}  // namespace rateguard::resp
