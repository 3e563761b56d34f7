// Checks of one limit each: one that came with the request, or a configured rule by its key. One at a time or many at
// once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "limiter/limiter.h"
#include "server/check.h"
#include "store/store.h"

namespace rateguard::server {

// A check that knows its counter.
struct DirectCheck {
  std::optional<rules::RuleId> rule = {};  // empty: the limit came with the request
  std::optional<Limit> limit = {};         // empty: unlimited
  Mode mode = Mode::kEnforce;
  Cost cost = {};
  Terms terms = {};
  std::string key = {};
  Basis basis = Basis::kCounter;  // once run() has returned
  Decision decision = {};         // once run() has returned
};

// One per event loop; its buffers are reused from request to request. Not thread-safe; the store behind it is.
class DirectChecks {
 public:
  // `on_failure` holds for limits that come with the request.
  DirectChecks(Store& store, OnStoreFailure on_failure) : store_(store), on_failure_(on_failure) {}

  void clear() { count_ = 0; }
  size_t size() const { return count_; }
  size_t add(const AdHocCheck& check);
  // Errors: as RuleSet::lookup.
  Result<size_t> add(const RuleCheck& check, const Policy& policy);
  // Decides the checks that were added since clear(), one by one, in order.
  void run(Now now);
  const DirectCheck& operator[](size_t index) const { return checks_[index]; }

 private:
  DirectCheck& next();

  Store& store_;
  OnStoreFailure on_failure_;
  size_t count_ = 0;
  std::vector<DirectCheck> checks_;
  std::vector<Charge> charges_;
  std::vector<ChargeGroup> groups_;
};

}  // namespace rateguard::server
