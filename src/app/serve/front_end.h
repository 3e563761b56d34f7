// A listener of the service, whatever protocol it speaks: the one thing that app/serve knows of a front end.
// docs/decisions/0032-front-ends-as-parts.md says how to add one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "app/serve/prepared.h"
#include "app/serve/turned_away_log.h"
#include "catalog/catalog_store.h"
#include "config/config.h"
#include "http/body_budget.h"
#include "metrics/registry.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "server/keys/key_finder.h"
#include "server/rls/rate_limit_service.h"
#include "server/service.h"

namespace rateguard::app {

// What a front end is made from; all of it outlives the front end.
struct FrontEndParts {
  server::Service& service;
  const config::Config& config;  // of the start
  const Prepared& at_start;
  TurnedAwayLog& turned_away;
  std::shared_ptr<http::BodyBudget> bodies;  // of all front ends
  catalog::CatalogStore* catalog = nullptr;  // its calls block, so they go to LoopParts::blocking; null: there is none
};

// What an event loop has for its listeners; all of it outlives them.
struct LoopParts {
  net::EventLoop& loop;
  server::LoopStore store;
  rls::RateLimitService& rate_limits;
  net::BlockingPool& blocking;        // of the program, for files; stopped before the loop is destroyed
  server::KeyFinder* keys = nullptr;  // null: there is no catalog
};

// A front end on one event loop. On that loop's thread only, once the loop runs.
class LoopListener {
 public:
  LoopListener() = default;
  virtual ~LoopListener() = default;
  LoopListener(const LoopListener&) = delete;
  LoopListener& operator=(const LoopListener&) = delete;

  // What counts from the next request on.
  virtual void set_policy(const Policy& policy) = 0;
  // For new connections. REQUIRES: there has been TLS from the start, and `prepared` has it.
  virtual void set_tls(const Prepared& prepared) = 0;
  // Accepts nobody else, lets what has begun end within the grace, and then calls `on_empty`, once.
  virtual void drain(Duration grace, std::function<void()> on_empty) = 0;
};

// A front end over all event loops. On one thread only, before the loops run.
class FrontEnd {
 public:
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;
  virtual ~FrontEnd() = default;

  // Listens on one more loop: the first decides the port for all. Errors: as net::Listener::open().
  virtual Result<std::unique_ptr<LoopListener>> start(const LoopParts& parts) = 0;
  // Hands over its figures, once it has started on every loop; it outlives the last scrape.
  virtual void report_to(metrics::Registry& registry) const = 0;
  // What the person who starts it has to know, for standard output, once it has started on every loop. It may hold a
  // secret, so it never goes into the log. Empty: nothing.
  virtual std::string notice() { return {}; }
  // Where it listens: "127.0.0.1:8080", with the port it really has.
  std::string describe() const { return endpoint_.to_string(); }

 protected:
  explicit FrontEnd(net::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // The other loops join the first on its port.
  void join_at(uint16_t port, net::ListenAddress& address) {
    endpoint_.port = address.port = port;
    address.sharing = net::PortSharing::kJoin;
  }

 private:
  net::Endpoint endpoint_;
};

// A row of the table of front ends.
struct FrontEndKind {
  std::string_view name;     // "http": in the log
  std::string_view setting;  // "listen.http": the one that says where it listens
  // Where the configuration wants it. nullopt: nowhere, it is off.
  net::OptionalEndpoint (*endpoint)(const config::Config& config);
  // REQUIRES: it is not off.
  std::unique_ptr<FrontEnd> (*make)(const FrontEndParts& parts);
};

// Every front end that there is, in the order in which people are told of them.
std::span<const FrontEndKind* const> front_end_kinds();

}  // namespace rateguard::app
