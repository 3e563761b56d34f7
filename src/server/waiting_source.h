// What waits, on tasks of the event loops and on threads for what blocks: the
// figures of a scrape.
#pragma once

#include <vector>

#include "metrics/source.h"
#include "net/blocking_pool.h"
#include "net/tasks.h"

namespace rateguard::server {

class WaitingSource final : public metrics::Source {
 public:
  // Before the loops run, both; what is given outlives the last scrape.
  void add(const net::Tasks& loop) { loops_.push_back(&loop); }
  void set_pool(const net::BlockingPool& pool) { pool_ = &pool; }

  void report(metrics::Writer& out) const override;

 private:
  std::vector<const net::Tasks*> loops_;
  const net::BlockingPool* pool_ = nullptr;
};

}  // namespace rateguard::server
