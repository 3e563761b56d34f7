// What all front ends and event loops share. app/ fills it before the first request.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/recorder.h"
#include "log/log.h"
#include "metrics/registry.h"
#include "model/header_style.h"
#include "model/running_instance.h"
#include "net/blocking_pool.h"
#include "net/tasks.h"
#include "server/access.h"
#include "server/charge_secrets.h"
#include "server/decision_source.h"
#include "store/store.h"

namespace rateguard::server {

struct ServiceSettings {
  HeaderStyle headers = HeaderStyle::kIetf;  // of answers over HTTP
  std::vector<std::string> tokens = {};
  std::vector<std::string> admin_tokens = {};
  bool access_log = false;
  std::string version = "unknown";
  std::string commit = "unknown";

  Tokens known_tokens() const { return {.callers = tokens, .admins = admin_tokens}; }
};

// Something that the program needs to serve.
struct Dependency {
  std::string name;  // "store default", "rules"
  bool ready = true;
  std::string detail;  // in words: "memory, 12 of 1000000 keys", "since 3 s: connection refused"
  bool vital = true;   // while it is not ready, traffic should go elsewhere
};

// How the configuration in force differs from the written one.
struct ConfigState {
  std::string problem = {};               // why the last reload failed; empty if it did not
  std::vector<std::string> waiting = {};  // keys of settings that have changed and wait for the next start
};

// The result of a reload.
struct Reloaded {
  std::string sentence;                   // "5 rules in force; log.level takes effect at the next start"
  std::vector<std::string> waiting = {};  // as in ConfigState
};

// Reloads, and looks at the files that cause them, take one thread of the pool at most, however slow the disk is.
constexpr net::BlockingPool::Key kReloadKey = 1;

// The store that one event loop asks for decisions.
struct LoopStore {
  Store& store;
  // Where work runs that asks the store, since it may have to wait; each piece has its own deciders and buffers. Null:
  // the store answers at once.
  net::Tasks* tasks = nullptr;
  OnStoreFailure on_failure = OnStoreFailure::kAllow;  // of limits that come with a request
  event::Recorder* recorder = nullptr;                 // hears of every decision; null: nobody does
};

// Constant once the loops run, except for `charge_secrets` and `draining`; any loop may call the functions.
struct Service {
  explicit Service(Store& counters) : store(counters) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Store& store;
  ServiceSettings settings = {};
  // May be set while the loops run.
  ChargeSecrets charge_secrets = {};
  // Set when the program is asked to end: GET /ready answers 503 from then on, everything else continues.
  std::atomic<bool> draining = false;
  // The current states; quick, since every GET /ready asks for them. Empty: nothing can fail.
  std::function<std::vector<Dependency>()> dependencies = {};
  // Loads the configuration again, hands every loop its policy, and logs the result; `by` says who asked. It reads
  // files, so it is called on a thread of the blocking pool, with kReloadKey. Errors: as config::load. Empty: there is
  // nothing to load from.
  std::function<Result<Reloaded>(std::string_view by)> reload = {};
  // Empty: there is nothing to load from.
  std::function<ConfigState()> config_state = {};
  // This instance and those that share its counters, as last reported. Empty: none are known.
  std::function<std::vector<RunningInstance>(Instant now)> instances = {};
  DecisionSource decisions = {};   // of all loops and front ends
  metrics::Registry metrics = {};  // what GET /metrics reports
  Log* log = nullptr;              // null: silent

  // Whether requests are to be logged, one line each.
  bool logs_access() const { return settings.access_log && log != nullptr; }
};

}  // namespace rateguard::server
