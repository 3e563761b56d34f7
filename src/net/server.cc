#include "net/server.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/http_session.h"

namespace rateguard::net {
namespace {

// A timeout is kept to within an eighth of itself, but nobody is woken more often than 1,000 times a second for it, and
// 100 ms are coarse enough for all that are seconds.
constexpr int64_t kTicksPerTimeout = 8;
constexpr Duration kTickMin = Duration::millis(1);
constexpr Duration kTickMax = Duration::millis(100);
// How long an answer that ends a connection is protected from what the peer still sends.
constexpr Duration kLingerTime = Duration::seconds(1);

Duration tick_for(const HttpServerOptions& options) {
  const Duration shortest =
      std::min({options.idle_timeout, options.read_timeout, options.write_timeout, options.handshake_timeout});
  return std::clamp(Duration::micros(shortest.us / kTicksPerTimeout), kTickMin, kTickMax);
}

}  // namespace

struct HttpServer::Running {
  Running(EventLoop& loop, HttpHandler& handler, const HttpServerOptions& options, HttpServerStats& stats);

  void accept(int descriptor, const IpAddress& peer);
  void refuse(int descriptor);
  void start_ticking();
  void tick();
  void emptied();

  EventLoop& loop;
  Duration tick_length;
  SessionContext context;
  std::unique_ptr<Listener> listener;
  Timer ticker;
  bool ticking = false;
  std::chrono::steady_clock::time_point ticked_until;
  Timer grace;
  std::function<void()> on_empty;
};

HttpServer::Running::Running(EventLoop& event_loop, HttpHandler& handler, const HttpServerOptions& options,
                             HttpServerStats& stats)
    : loop(event_loop),
      tick_length(tick_for(options)),
      context{.loop = event_loop, .handler = handler, .options = options, .stats = stats} {
  const auto ticks = [&](Duration d) { return static_cast<Tick>((d.us + tick_length.us - 1) / tick_length.us); };
  context.ticks = {.idle = ticks(options.idle_timeout),
                   .read = ticks(options.read_timeout),
                   .write = ticks(options.write_timeout),
                   .handshake = ticks(options.handshake_timeout),
                   .linger = ticks(kLingerTime)};
  context.on_last_closed = [this] { emptied(); };
}

void HttpServer::Running::accept(int descriptor, const IpAddress& peer) {
  HttpServerStats& stats = context.stats;
  stats.connections_accepted.fetch_add(1, std::memory_order_relaxed);
  if (context.sessions.size() >= static_cast<size_t>(context.options.connections_max)) return refuse(descriptor);
  start_ticking();
  context.sessions.push_back(std::make_unique<HttpSession>(context, descriptor, peer));
  stats.connections_open.store(context.sessions.size(), std::memory_order_relaxed);
  context.sessions.back()->start();
}

// Told so in one send, if it fits the socket, and forgotten. Through TLS it would take a handshake to say anything.
void HttpServer::Running::refuse(int descriptor) {
  context.stats.connections_refused.fetch_add(1, std::memory_order_relaxed);
  Transport transport(descriptor);
  if (context.options.tls) return;
  context.out.clear();
  Http1Response response(context.out, {.date = context.date.at(loop.now()), .after = AfterResponse::kClose});
  context.handler.reject({.status = 503, .detail = "too many connections", .field = "connection"}, loop.now(),
                         response);
  response.finish();
  transport.send(context.out.view());
  transport.shut_down_sending();
}

// Ticks only while there is somebody to time out, so that an idle process sleeps.
void HttpServer::Running::start_ticking() {
  if (std::exchange(ticking, true)) return;
  ticked_until = std::chrono::steady_clock::now();
  ticker = loop.every(tick_length, [this] { tick(); });
}

void HttpServer::Running::tick() {
  const auto passed = std::chrono::steady_clock::now() - ticked_until;
  const auto ticks = passed / std::chrono::microseconds(tick_length.us);
  ticked_until += ticks * std::chrono::microseconds(tick_length.us);
  context.wheel.advance(static_cast<Tick>(ticks));
  if (context.sessions.empty()) {
    ticking = false;
    ticker.cancel();
  }
}

void HttpServer::Running::emptied() {
  grace.cancel();
  if (on_empty) loop.post(std::exchange(on_empty, {}));
}

HttpServer::HttpServer(HttpServerOptions options) : options_(std::move(options)) {}

HttpServer::~HttpServer() = default;

Result<uint16_t> HttpServer::start(EventLoop& loop, HttpHandler& handler) {
  auto running = std::make_unique<Running>(loop, handler, options_, stats_);
  auto listener = Listener::open(
      loop, options_.address,
      [server = running.get()](int descriptor, const IpAddress& peer) { server->accept(descriptor, peer); });
  if (!listener) return std::unexpected(listener.error());
  running->listener = std::move(*listener);
  running_ = std::move(running);
  return running_->listener->port();
}

void HttpServer::set_tls(std::shared_ptr<const TlsContext> tls) {
  options_.tls = std::move(tls);
}

void HttpServer::drain(Duration grace, std::function<void()> on_empty) {
  if (!running_) {
    on_empty();
    return;
  }
  Running& running = *running_;
  running.on_empty = std::move(on_empty);
  running.listener->close();
  running.context.draining = true;
  // From the end, for a session that closes is replaced by the last one.
  for (size_t i = running.context.sessions.size(); i-- > 0;) running.context.sessions[i]->drain();
  if (running.context.sessions.empty()) return running.emptied();
  running.grace = running.loop.after(grace, [&running] {
    while (!running.context.sessions.empty()) running.context.sessions.back()->close();
  });
}

}  // namespace rateguard::net
