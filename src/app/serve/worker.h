// An event loop with all that is its own: its counters, Envoy's rate limit service, and a listener of each front end.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "app/serve/front_end.h"
#include "app/serve/prepared.h"
#include "app/stores/loop_counters.h"
#include "net/clock.h"
#include "net/event_loop.h"
#include "server/keys/key_finder.h"
#include "server/rls/rate_limit_service.h"

namespace rateguard::app {

struct LoopWorker {
  // Tasks that still wait use what the front ends have.
  ~LoopWorker();

  // On the loop's thread. `tls` says whether new connections get the TLS of `prepared`.
  enum class NewTls : uint8_t { kNo, kYes };
  void put_in_force(const Prepared& prepared, NewTls tls);
  // On the loop's thread. `on_empty` is called once by each listener.
  void drain(Duration grace, const std::function<void()>& on_empty);

  net::SystemClock clock;
  std::unique_ptr<net::EventLoop> loop;
  std::unique_ptr<LoopCounters> counters;              // none: all are in memory
  std::unique_ptr<server::KeyFinder> keys;             // null: there is no catalog
  std::unique_ptr<rls::RateLimitService> rate_limits;  // of gRPC and POST /json
  std::vector<std::unique_ptr<LoopListener>> listeners;
  std::thread thread;
};

}  // namespace rateguard::app
