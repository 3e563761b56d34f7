// The admin API on an event loop: docs/admin.md is its reference, docs/admin_openapi.yaml its contract.
#pragma once

#include <functional>

#include "http/exchange.h"
#include "log/log.h"
#include "net/blocking_calls.h"
#include "net/tasks.h"
#include "server/admin/admin_parts.h"
#include "server/http/request_id.h"

namespace rateguard::admin {

// What an event loop has for the API; all of it outlives that.
struct AdminLoop {
  net::Tasks& tasks;
  net::BlockingCalls& calls;       // threads that wait for the catalog; not those of others
  std::function<Log*()> log = {};  // where a line for each request goes; empty, or giving null: nowhere
};

// One per event loop, and used on that loop's thread only. `parts` outlives it, and the tasks that it has begun end
// before it is destroyed.
class AdminApi final : public http::Handler {
 public:
  AdminApi(AdminParts& parts, const AdminLoop& loop) : parts_(parts), loop_(loop) {}

  // Each request is a task that waits for a thread which may block. What a client that has gone asked for is still
  // done once it has begun.
  void handle(http::Exchange& exchange, Now now) override;
  void reject(const http::Rejection& rejection, Instant now, http::Responder& responder) override;

 private:
  struct Waiting;
  void answer_kept(Waiting& waiting, Now now);

  AdminParts& parts_;
  const AdminLoop loop_;
  http_api::RequestIdGenerator ids_;
};

}  // namespace rateguard::admin
