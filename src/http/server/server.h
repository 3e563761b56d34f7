// An HTTP/1.1 server on one event loop. A program with several loops has one for each, all on one port.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "http/exchange.h"
#include "http/server_options.h"
#include "net/connection_host.h"
#include "net/event_loop.h"

namespace rateguard::http {

struct Http1SessionContext;

// Every member is for the loop's thread, but stats(). The loop outlives the server.
class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and serves; gives the port. `handler` outlives the server. Errors: as net::Listener::open().
  Result<uint16_t> start(net::EventLoop& loop, Handler& handler);

  // Takes effect for new connections.
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { host_.set_tls(std::move(tls)); }

  // Accepts nobody else, closes idle connections, answers what has begun to arrive with "Connection: close", and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty) { host_.drain(grace, std::move(on_empty)); }

  const HttpServerStats& stats() const { return stats_; }

 private:
  void refuse(net::Transport& transport);

  HttpServerOptions options_;  // but `host`, which went to host_
  HttpServerStats stats_;
  std::unique_ptr<Http1SessionContext> context_;
  net::ConnectionHost host_;  // after what its connections use
};

}  // namespace rateguard::http
