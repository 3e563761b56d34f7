// An HTTP/1.1 server on one event loop. A program with several loops has one for each, all on one port.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/connection_host.h"
#include "net/event_loop.h"
#include "net/http1_parser.h"
#include "net/http_exchange.h"
#include "net/listener.h"
#include "net/tls.h"

namespace rateguard::net {

struct HttpServerOptions {
  ListenAddress address = {};
  std::shared_ptr<const TlsContext> tls = {};  // null: plain HTTP
  PeerPreamble preamble = {};                  // empty: none is expected; else every connection must begin with one
  Http1Limits limits = {};
  int connections_max = 20'000;  // of this server; whoever comes beyond them is told 503
  // Answers that wait for a slow reader. While there are any its requests are not read; a batch of pipelined requests
  // stops here and goes on when they are gone. A single answer may exceed it.
  size_t output_bytes_max = 256 * 1'024;
  Duration idle_timeout = Duration::seconds(75);
  Duration read_timeout = Duration::seconds(10);       // for one request, from its first byte to its last
  Duration write_timeout = Duration::seconds(10);      // for what waits for a slow reader, until it is gone
  Duration handshake_timeout = Duration::seconds(10);  // for the preamble and TLS
};

struct HttpServerStats : ConnectionStats {
  std::atomic<uint64_t> requests_handled = 0;
  std::atomic<uint64_t> requests_rejected = 0;  // not valid HTTP, too large, too slow
};

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
  void set_tls(std::shared_ptr<const TlsContext> tls);

  // Accepts nobody else, closes idle connections, answers what has begun to arrive with "Connection: close", and calls
  // `on_empty` once, on the loop: when the last connection is gone, or when `grace` is over and the rest were cut off.
  void drain(Duration grace, std::function<void()> on_empty);

  const HttpServerStats& stats() const { return stats_; }

 private:
  struct Running;

  HttpServerOptions options_;
  HttpServerStats stats_;
  std::unique_ptr<Running> running_;
};

}  // namespace rateguard::net
