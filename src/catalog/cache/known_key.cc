#include "catalog/cache/known_key.h"

#include <algorithm>

namespace rateguard::catalog {
namespace {

// How exactly the time of a key's last use is kept.
constexpr Duration kUseResolution = Duration::seconds(1);

}  // namespace

std::string_view RuleNames::keep(std::string_view name) {
  const HeldLock lock(mutex_);
  const auto found = names_.find(name);
  return found != names_.end() ? *found : *names_.emplace(name).first;
}

std::vector<LimitOfRule> read_own_limits(const TextMap& limits, RuleNames& names) {
  std::vector<LimitOfRule> read;
  read.reserve(limits.size());
  for (const auto& [rule, text] : limits) {
    if (const auto limit = OwnLimit::parse(text)) read.push_back({.rule = names.keep(rule), .limit = *limit});
  }
  return read;
}

KnownKey::KnownKey(const ApiKeyRecord& record, std::shared_ptr<const CachedWorkspace> workspace,
                   std::shared_ptr<const CachedPlan> plan, RuleNames& names)
    : workspace_(std::move(workspace)),
      plan_(std::move(plan)),
      expires_at_(record.expires_at.value_or(Instant::max())),
      revoked_at_(record.revoked_at.value_or(Instant::max())) {
  id_bytes_ = static_cast<uint16_t>(record.head.id.size());
  id_ = std::make_unique<char[]>(id_bytes_);
  std::ranges::copy(record.head.id, id_.get());
  if (const auto read = read_own_limits(record.limits, names); !read.empty()) {
    limit_count_ = static_cast<uint32_t>(read.size());
    limits_ = std::make_unique<LimitOfRule[]>(limit_count_);
    std::ranges::copy(read, limits_.get());
  }
  const bool has_more = record.member_id || !record.scopes.empty() || !record.allowed_routes.empty() ||
                        !record.allowed_networks.empty() || !record.tags.empty();
  if (!has_more) return;
  More more{.member_id = record.member_id.value_or(""),
            .scopes = record.scopes,
            .routes = record.allowed_routes,
            .has_networks = !record.allowed_networks.empty(),
            .tags = {record.tags.begin(), record.tags.end()}};
  for (const std::string& text : record.allowed_networks) {
    if (const auto network = IpPrefix::parse(text)) more.networks.push_back(*network);
  }
  more_ = std::make_unique<const More>(std::move(more));
}

KnownCaller KnownKey::caller() const {
  KnownCaller caller{.key_id = id(), .workspace = workspace_->name};
  const CachedPlan* const of_plan = plan();
  if (of_plan != nullptr) caller.plan = of_plan->name;
  if (more_ != nullptr) {
    caller.member = more_->member_id;
    caller.tags = more_->tags;
  }
  caller.own_limits[static_cast<size_t>(LimitOwner::kKey)] = limits();
  caller.own_limits[static_cast<size_t>(LimitOwner::kWorkspace)] = workspace_->limits;
  if (of_plan != nullptr) caller.own_limits[static_cast<size_t>(LimitOwner::kPlan)] = of_plan->limits;
  return caller;
}

bool KnownKey::admits_network(const std::optional<IpAddress>& address) const {
  if (!is_restricted_to_networks()) return true;
  return address &&
         std::ranges::any_of(more_->networks, [&](const IpPrefix& network) { return network.contains(*address); });
}

bool KnownKey::admits_route(std::string_view route) const {
  if (more_ == nullptr || more_->routes.empty()) return true;
  return std::ranges::find(more_->routes, route) != more_->routes.end();
}

bool KnownKey::has_scope(std::string_view scope) const {
  return more_ != nullptr && std::ranges::find(more_->scopes, scope) != more_->scopes.end();
}

bool KnownKey::note_use(Instant wall) const {
  if (wall.us - used_us_.load(std::memory_order_relaxed) < kUseResolution.us) return false;
  used_us_.store(wall.us, std::memory_order_relaxed);
  return !use_waits_.exchange(true, std::memory_order_relaxed);
}

Instant KnownKey::take_use() const {
  use_waits_.store(false, std::memory_order_relaxed);
  return {used_us_.load(std::memory_order_relaxed)};
}

}  // namespace rateguard::catalog
