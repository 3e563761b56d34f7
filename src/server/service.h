// What every front end serves, shared by all of them and by all event loops. app/ fills it before the first request.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "log/log.h"
#include "metrics/registry.h"
#include "model/running_instance.h"
#include "net/tasks.h"
#include "server/access.h"
#include "server/decision_source.h"
#include "store/store.h"

namespace rateguard::server {

struct ServiceSettings {
  config::HeaderStyle headers = config::HeaderStyle::kIetf;  // of answers over HTTP
  std::vector<std::string> tokens = {};
  std::vector<std::string> admin_tokens = {};
  bool access_log = false;
  std::string version = "unknown";
  std::string commit = "unknown";

  Tokens known_tokens() const { return {.callers = tokens, .admins = admin_tokens}; }
};

// Something that the program needs in order to serve.
struct Dependency {
  std::string name;  // "store default", "rules"
  bool ready = true;
  std::string detail;  // in words: "memory, 12 of 1000000 keys", "since 3 s: connection refused"
  bool vital = true;   // traffic had better go elsewhere while it is not ready
};

// How the configuration in force stands to the one that is written.
struct ConfigState {
  std::string problem = {};               // why the last reload failed; empty: it did not
  std::vector<std::string> waiting = {};  // keys of settings that have changed and wait for the next start
};

// What a reload has put in force.
struct Reloaded {
  std::string sentence;                   // "5 rules in force; log.level takes effect at the next start"
  std::vector<std::string> waiting = {};  // as in ConfigState
};

// What one event loop asks for decisions.
struct LoopStore {
  Store& store;
  // Where work runs that asks the store, since it may have to wait; each piece has deciders and buffers of its own.
  // Null: the store answers at once.
  net::Tasks* tasks = nullptr;
  OnStoreFailure on_failure = OnStoreFailure::kAllow;  // of limits that come with a request
};

// Constant once the loops run, but for `draining`; the functions are called by any loop.
struct Service {
  explicit Service(Store& counters) : store(counters) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Store& store;
  ServiceSettings settings = {};
  // Set when the program is asked to end: GET /ready answers 503 from then on, everything else goes on.
  std::atomic<bool> draining = false;
  // Their states now; quick, since GET /ready asks for each answer. Empty: nothing that could fail.
  std::function<std::vector<Dependency>()> dependencies = {};
  // Loads the configuration again, hands every loop its policy, and logs what came of it; `by` says who asked.
  // Errors: as config::load. Empty: there is nothing to load from.
  std::function<Result<Reloaded>(std::string_view by)> reload = {};
  // Empty: there is nothing to load from.
  std::function<ConfigState()> config_state = {};
  // This instance and those that share its counters, as they were last heard of. Empty: none are known.
  std::function<std::vector<RunningInstance>(Instant now)> instances = {};
  DecisionSource decisions = {};   // of all loops and front ends
  metrics::Registry metrics = {};  // what GET /metrics reports
  Log* log = nullptr;              // none: silent
};

}  // namespace rateguard::server
