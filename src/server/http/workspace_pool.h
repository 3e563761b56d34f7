// Workspaces of requests that may have to wait for the store.
#pragma once

#include <memory>
#include <vector>

#include "limiter/limiter.h"
#include "server/http/workspace.h"

namespace rateguard::http_api {

// One per event loop, used on its thread only. The arguments of its constructor outlive its workspaces.
class WorkspacePool {
 public:
  WorkspacePool(Service& service, const server::LoopStore& store, ApiMetrics& metrics)
      : service_(service), store_(store), metrics_(metrics) {}

  // Sets the policy of workspaces that are taken from now on; those in use keep theirs. REQUIRES: called before take().
  void set_policy(Policy policy);
  // Also for workspaces that are taken from now on.
  void serve_rate_limits(rls::RateLimitService& rate_limits);

  std::unique_ptr<Workspace> take();
  // Keeps it for another request, or frees it.
  void give_back(std::unique_ptr<Workspace> workspace);

  // The number of unused workspaces.
  size_t idle() const { return idle_.size(); }

 private:
  bool is_current(const Workspace& workspace) const;

  Service& service_;
  const server::LoopStore store_;
  ApiMetrics& metrics_;
  Policy policy_;
  rls::RateLimitService* rate_limits_ = nullptr;
  std::vector<std::unique_ptr<Workspace>> idle_;  // all with the current policy; the last one is used next
};

}  // namespace rateguard::http_api
