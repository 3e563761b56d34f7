// The counters in Redis, over all event loops: the figures of a scrape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "metrics/source.h"

namespace rateguard::app {

// Of one Redis, over all loops.
struct RedisErrors {
  uint64_t failing_loops = 0;               // that do not reach it, or do not ask it but for a probe
  std::map<std::string, uint64_t> by_code;  // scripts answered with an error, by its first word
};

// Over all loops.
struct RedisFigures {
  uint64_t instances = 0;      // that share counters with this one, itself included, as they were last heard of
  uint64_t loops = 0;          // with a connection for each Redis that the stores are
  uint64_t connected = 0;      // loops that are connected
  uint64_t breakers_open = 0;  // loops that do not ask Redis, but for a probe
  uint64_t checks = 0;         // limits asked for
  uint64_t remembered = 0;     // refused without a call
  uint64_t calls = 0;          // scripts sent
  uint64_t failures = 0;       // of those: without a good answer
  uint64_t degraded = 0;       // requests decided without Redis
  uint64_t breaker_openings = 0;
  uint64_t from_leases = 0;  // checks decided by units taken ahead
  uint64_t lease_calls = 0;
  uint64_t sync_calls = 0;
  std::map<std::string, RedisErrors> errors = {};  // by the store's name
};

class RedisSource final : public metrics::Source {
 public:
  // `read` sums the figures of all loops; it is called by any thread.
  explicit RedisSource(std::function<RedisFigures()> read) : read_(std::move(read)) {}

  void report(metrics::Writer& out) const override;

 private:
  std::function<RedisFigures()> read_;
};

}  // namespace rateguard::app
