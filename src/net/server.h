// An HTTP/1.1 server on one event loop. A program with several loops has one for each, all on one port.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "net/body_budget.h"
#include "net/connection_host.h"
#include "net/event_loop.h"
#include "net/http1_parser.h"
#include "net/http_exchange.h"

namespace rateguard::net {

struct HttpServerOptions {
  ConnectionHostOptions host = {};  // whoever comes beyond its connections_max is told 503
  Http1Limits limits = {};
  std::shared_ptr<BodyBudget> bodies = {};  // what is kept of requests that are not whole; beyond: 503; null: no bound
  // Answers that wait for a slow reader. While there are any its requests are not read; a batch of pipelined requests
  // stops here and goes on when they are gone. A single answer may exceed it.
  size_t output_bytes_max = 256 * 1'024;
};

struct HttpServerStats : ConnectionStats {
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // not valid HTTP, too large, too slow
};

struct HttpSessionContext;

// Every member is for the loop's thread, but stats(). The loop outlives the server.
class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and serves; gives the port. `handler` outlives the server. Errors: as Listener::open().
  Result<uint16_t> start(EventLoop& loop, HttpHandler& handler);

  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const TlsContext> tls) { host_.set_tls(std::move(tls)); }

  // Accepts nobody else, closes idle connections, answers what has begun to arrive with "Connection: close", and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const HttpServerStats& stats() const { return stats_; }

 private:
  void refuse(Transport& transport);

  HttpServerOptions options_;  // but `host`, which went to host_
  HttpServerStats stats_;
  std::unique_ptr<HttpSessionContext> context_;
  ConnectionHost host_;  // after what its connections use
};

}  // namespace rateguard::net
