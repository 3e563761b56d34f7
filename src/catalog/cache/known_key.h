// An API key's record made ready for requests. A hundred thousand of them share few workspaces and plans.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "catalog/caller_records.h"
#include "model/instant.h"
#include "model/ip_address.h"
#include "model/known_caller.h"

namespace rateguard::catalog {

// Names of rules, each kept once: limits of a hundred thousand keys name the same few. Any thread. What it gives lives
// as long as this.
class RuleNames {
 public:
  std::string_view keep(std::string_view name);

 private:
  Mutex mutex_;
  std::set<std::string, std::less<>> names_ RG_GUARDED_BY(mutex_);
};

// Limits that can be read, in the order of their rules' names. One that cannot is left out: whoever writes to the
// catalog checks it.
std::vector<LimitOfRule> read_own_limits(const TextMap& limits, RuleNames& names);

// What a plan gives to all keys that have it. Immutable but for the mark.
struct CachedPlan {
  CachedPlan(const PlanRecord& record, RuleNames& names)
      : id(record.head.id), name(record.name), limits(read_own_limits(record.limits, names)) {}

  const std::string id;
  const std::string name;
  const std::vector<LimitOfRule> limits;
  mutable std::atomic<bool> has_changed = false;  // since it was read
};

struct CachedWorkspace {
  CachedWorkspace(const WorkspaceRecord& record, std::shared_ptr<const CachedPlan> its_plan, RuleNames& names)
      : id(record.head.id),
        name(record.name),
        state(record.state),
        plan(std::move(its_plan)),
        limits(read_own_limits(record.limits, names)) {}

  bool is_current() const {
    return !has_changed.load(std::memory_order_relaxed) &&
           (plan == nullptr || !plan->has_changed.load(std::memory_order_relaxed));
  }

  const std::string id;
  const std::string name;
  const RecordState state;
  const std::shared_ptr<const CachedPlan> plan;  // null: none
  const std::vector<LimitOfRule> limits;
  mutable std::atomic<bool> has_changed = false;
};

class KnownKey {
 public:
  // `plan` is the key's own; null: its workspace's. `names` outlives it.
  KnownKey(const ApiKeyRecord& record, std::shared_ptr<const CachedWorkspace> workspace,
           std::shared_ptr<const CachedPlan> plan, RuleNames& names);

  // Whether neither its workspace nor its plan has changed since it was read.
  bool is_current() const {
    return workspace_->is_current() && (plan_ == nullptr || !plan_->has_changed.load(std::memory_order_relaxed));
  }
  std::string_view id() const { return {id_.get(), id_bytes_}; }
  // Who it is; borrows from this.
  KnownCaller caller() const;
  const CachedWorkspace& workspace() const { return *workspace_; }
  const CachedPlan* plan() const { return plan_ != nullptr ? plan_.get() : workspace_->plan.get(); }

  // What it is restricted to, as in ApiKeyRecord.
  bool is_expired(Instant wall) const { return wall >= expires_at_; }
  bool is_revoked(Instant wall) const { return wall >= revoked_at_; }
  bool is_restricted_to_networks() const { return more_ != nullptr && more_->has_networks; }
  bool admits_network(const std::optional<IpAddress>& address) const;
  bool admits_route(std::string_view route) const;
  bool has_scope(std::string_view scope) const;

  // Any thread. Whether this use should be written down: the first in a second or more, and none is waiting to be.
  bool note_use(Instant wall) const;
  // It has been written down; gives when it was.
  Instant take_use() const;

 private:
  // What few keys have.
  struct More {
    std::string member_id = {};
    std::vector<std::string> scopes = {};
    std::vector<std::string> routes = {};
    std::vector<IpPrefix> networks = {};
    bool has_networks = false;  // some may not be readable
    std::vector<std::pair<std::string, std::string>> tags = {};
  };

  std::span<const LimitOfRule> limits() const { return {limits_.get(), limit_count_}; }

  // There are up to a million of these: texts and lists are kept without what it takes to grow.
  std::unique_ptr<char[]> id_;
  std::unique_ptr<LimitOfRule[]> limits_;
  std::shared_ptr<const CachedWorkspace> workspace_;
  std::shared_ptr<const CachedPlan> plan_;
  Instant expires_at_;
  Instant revoked_at_;
  std::unique_ptr<const More> more_;
  mutable std::atomic<int64_t> used_us_ = 0;
  uint32_t limit_count_ = 0;
  uint16_t id_bytes_ = 0;
  mutable std::atomic<bool> use_waits_ = false;
};

}  // namespace rateguard::catalog
