#include "server/http/workspace_pool.h"

#include <utility>

namespace rateguard::http_api {
namespace {

// As many as there are stacks (net::TasksOptions::idle_max).
constexpr size_t kIdleMax = 256;

}  // namespace

// Frees the old ones, which would otherwise keep an old policy in memory until they are used again.
void WorkspacePool::set_policy(Policy policy) {
  policy_ = std::move(policy);
  idle_.clear();
}

void WorkspacePool::serve_rate_limits(rls::RateLimitService& rate_limits) {
  rate_limits_ = &rate_limits;
  idle_.clear();
}

std::unique_ptr<Workspace> WorkspacePool::take() {
  if (!idle_.empty()) {
    std::unique_ptr<Workspace> workspace = std::move(idle_.back());
    idle_.pop_back();
    return workspace;
  }
  auto workspace = std::make_unique<Workspace>(service_, store_, metrics_);
  workspace->set_policy(policy_);
  if (rate_limits_ != nullptr) workspace->rate_limits.emplace(*rate_limits_);
  return workspace;
}

void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) {
  if (idle_.size() < kIdleMax && is_current(*workspace)) idle_.push_back(std::move(workspace));
}

bool WorkspacePool::is_current(const Workspace& workspace) const {
  const Policy& policy = workspace.decider.policy();
  if (policy.rules != policy_.rules || policy.identifier != policy_.identifier) return false;
  return rate_limits_ == nullptr ? !workspace.rate_limits
                                 : workspace.rate_limits && workspace.rate_limits->is_current();
}

}  // namespace rateguard::http_api
