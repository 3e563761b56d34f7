// Workspaces of requests that may have to wait for the store.
#pragma once

#include <memory>
#include <vector>

#include "limiter/limiter.h"
#include "server/http/workspace.h"

namespace rateguard::http_api {

// One per event loop, on its thread only. What it is given outlives what it gives.
class WorkspacePool {
 public:
  WorkspacePool(Service& service, const server::LoopStore& store, ApiMetrics& metrics)
      : service_(service), store_(store), metrics_(metrics) {}

  // Of whatever is taken from now on: what is out keeps the policy it has. REQUIRES: it is called before take().
  void set_policy(Policy policy);
  // Likewise.
  void serve_rate_limits(rls::RateLimitService& rate_limits);

  std::unique_ptr<Workspace> take();
  // Keeps it for another request, or not.
  void give_back(std::unique_ptr<Workspace> workspace);

  // At rest.
  size_t idle() const { return idle_.size(); }

 private:
  bool is_current(const Workspace& workspace) const;

  Service& service_;
  const server::LoopStore store_;
  ApiMetrics& metrics_;
  Policy policy_;
  rls::RateLimitService* rate_limits_ = nullptr;
  std::vector<std::unique_ptr<Workspace>> idle_;  // all of them current; the last used is the next
};

}  // namespace rateguard::http_api
