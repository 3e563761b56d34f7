// The event loops of a running service, each with its counters and its listeners.
#include <utility>

#include "app/serve/instance.h"
#include "app/serve/listen_options.h"

namespace rateguard::app {
namespace {

// How long a start waits for Redis, which may be starting too.
constexpr Duration kRedisPatience = Duration::seconds(2);
// How long it then waits for the connection of each further loop, if the first has one: usually a millisecond or two,
// more on a busy machine.
constexpr Duration kLoopPatience = Duration::millis(200);

}  // namespace

Result<void> Instance::add_workers() {
  log_key_warnings(at_start_.policy);
  const size_t loops = loops_of(config_);
  http::ServerOptions http = http_options(config_);
  std::optional<resp::RespServerOptions> resp;
  if (config_.listen.resp) resp = resp_options(config_);
  std::optional<http::ServerOptions> grpc;
  if (config_.listen.grpc) grpc = grpc_options(config_);
  bodies_ = std::make_shared<http::BodyBudget>(config_.listen.waiting_bodies_bytes_max);
  http.bodies = bodies_;
  if (grpc) grpc->bodies = bodies_;
  http.host.on_turned_away = turned_away_.of("http");
  if (resp) resp->host.on_turned_away = turned_away_.of("resp");
  if (grpc) grpc->host.on_turned_away = turned_away_.of("grpc");
  http.host.tls = at_start_.tls;
  if (resp) resp->host.tls = at_start_.resp_tls;
  if (grpc) grpc->host.tls = at_start_.h2;
  auto places = redis_targets(config_, log_);
  if (!places) return std::unexpected(places.error());
  places_ = *std::move(places);
  for (size_t i = 0; i < loops; ++i) {
    auto worker = std::make_unique<Worker>();
    auto loop = net::EventLoop::create(worker->clock);
    if (!loop) return std::unexpected(loop.error());
    worker->loop = std::move(*loop);
    if (!places_.empty()) {
      if (auto good = add_counters(*worker); !good) return good;
    }
    worker->rate_limits = std::make_unique<rls::RateLimitService>(service_, store_of(*worker), descriptors_.labels());
    worker->rate_limits->set_policy(at_start_.envoy);
    worker->rate_limits->set_rules(at_start_.policy);
    worker->api = std::make_unique<http_api::HttpApi>(service_, at_start_.policy, store_of(*worker));
    worker->api->serve_rate_limits(*worker->rate_limits);
    worker->server = std::make_unique<http::Server>(http);
    const auto port = worker->server->start(*worker->loop, *worker->api);
    if (!port) return std::unexpected(port.error());
    http.host.address.port = http_.port = *port;
    http.host.address.sharing = net::PortSharing::kJoin;
    if (resp) {
      if (auto good = add_resp(*worker, at_start_.policy, *resp); !good) return good;
    }
    if (grpc) {
      if (auto good = add_grpc(*worker, *grpc); !good) return good;
    }
    workers_.push_back(std::move(worker));
  }
  return {};
}

server::LoopStore Instance::store_of(Worker& worker) {
  return worker.counters != nullptr ? worker.counters->loop_store() : server::LoopStore{.store = *store_};
}

// The first worker finds out whether each Redis can be used at all.
Result<void> Instance::add_counters(Worker& worker) {
  const bool is_first = workers_.empty();
  auto made = LoopCounters::create(
      *worker.loop, config_, places_, *store_,
      {.instances = [this](size_t place) { return membership_.alive(place); },
       .on_reset = [this](size_t place, std::string_view key) { membership_.tell_reset(place, key); }},
      log_);
  if (!made) return std::unexpected(made.error());
  worker.counters = *std::move(made);
  if (is_first) {
    if (auto good = worker.counters->await_connections(kRedisPatience); !good) return good;
  } else {
    worker.counters->settle(kLoopPatience);
  }
  worker.counters->watch_health();
  return {};
}

// The first worker chooses the port for all.
Result<void> Instance::add_resp(Worker& worker, const Policy& policy, resp::RespServerOptions& options) {
  worker.resp_api = std::make_unique<resp::RespApi>(service_, policy, store_of(worker));
  worker.resp_api->set_totals(resp_source_);
  worker.resp_server = std::make_unique<resp::RespServer>(options);
  const auto port = worker.resp_server->start(*worker.loop, *worker.resp_api);
  if (!port) return std::unexpected(port.error());
  options.host.address.port = resp_->port = *port;
  options.host.address.sharing = net::PortSharing::kJoin;
  return {};
}

Result<void> Instance::add_grpc(Worker& worker, http::ServerOptions& options) {
  worker.grpc = std::make_unique<GrpcFront>(service_, *worker.rate_limits, *worker.loop, options);
  const auto port = worker.grpc->start();
  if (!port) return std::unexpected(port.error());
  options.host.address.port = grpc_->port = *port;
  options.host.address.sharing = net::PortSharing::kJoin;
  return {};
}

}  // namespace rateguard::app
