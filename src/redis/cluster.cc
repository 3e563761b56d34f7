#include "redis/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"
#include "redis/command.h"

namespace rateguard::redis {
namespace {

// A slot that moves again while it is followed is rare; a cycle of nodes that point at each other must end.
constexpr int kRedirectionsMax = 5;
// The pause before a command is repeated after TRYAGAIN: half to all of it. A check has 10 ms by default, and a pair of
// keys that is being moved is apart for about 0.1 ms.
constexpr Duration kPauseMin = Duration::micros(500);
// It doubles up to 16 ms, so that a command with seconds of patience does not keep a node busy with refusals.
constexpr int kPauseDoublingsMax = 5;
// The specification advises against clusters above this.
constexpr size_t kNodesMax = 1'000;

// The address of a node as another one, the teller, reports it. If the teller does not know the host
// (cluster-preferred-endpoint-type hostname) or must not say it (unknown-endpoint), it is empty or '?', and stands for
// the teller's own.
net::ConnectTarget told_by(const RedisConnection& teller, std::string_view host, uint16_t port) {
  const bool is_unknown = host.empty() || host == "?";
  return {.host = is_unknown ? teller.server().target.host : std::string(host), .port = port};
}

// "MOVED 3999 127.0.0.1:6381": the address.
std::optional<net::ConnectTarget> redirection_of(const RedisConnection& teller, std::string_view text) {
  const size_t space = text.rfind(' ');
  const size_t colon = text.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return std::nullopt;
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return told_by(teller, text.substr(space + 1, colon - space - 1), port);
}

void fail_unsent(ResultHandler& done, std::string message) {
  done(std::unexpected(Error{.code = ErrorCode::kUnavailable, .message = std::move(message), .retry = Retry::kAlways}));
}

}  // namespace

Cluster::Cluster(net::EventLoop& loop, ClusterSettings settings, ConnectionOptions options)
    : loop_(loop), settings_(std::move(settings)), options_(std::move(options)), slots_(kSlotCount, nullptr) {
  RG_CHECK(!settings_.seeds.empty());
  options_.redirections = Redirections::kAnswers;
}

Cluster::~Cluster() = default;

void Cluster::start() {
  RG_CHECK(!started_);
  started_ = true;
  wanted_ = true;
  for (const ServerEndpoint& seed : settings_.seeds) node_at(seed.target);
  look_ = loop_.every(settings_.look_period, [this] { probe_slot_map(); });
}

void Cluster::stop() {
  started_ = false;
  look_.cancel();
  for (const auto& node : nodes_) node->stop();
  for (const auto& request : std::exchange(pausing_, {})) {
    fail_unsent(request->done, "the connection was closed by this side");
  }
}

bool Cluster::is_ready() const {
  return problem().empty();
}

bool Cluster::is_hopeless() const {
  if (is_no_cluster_ && !map_known_) return true;
  return !nodes_.empty() && std::ranges::all_of(nodes_, [](const auto& node) {
    return !node->is_open() && node->problem().code == ErrorCode::kInvalid;
  });
}

std::string Cluster::problem() const {
  if (!map_known_) return map_problem_;
  for (uint16_t slot = 0; slot < kSlotCount; ++slot) {
    const RedisConnection* const node = slots_[slot];
    if (node == nullptr) return fmt::format("no node serves slot {}", slot);
    if (!node->is_open()) return node->problem().message.empty() ? "connecting" : node->problem().message;
  }
  return "";
}

const ServerEndpoint* Cluster::open_server() const {
  const auto open = std::ranges::find_if(nodes_, [](const auto& node) { return node->is_open(); });
  return open == nodes_.end() ? nullptr : &(*open)->server();
}

void Cluster::call(std::string_view key, std::span<const std::string_view> words, Duration patience,
                   ResultHandler done) {
  auto request = std::make_unique<Request>();
  request->slot = slot_of(key);
  request->deadline = loop_.now() + patience;
  request->done = std::move(done);
  append_command(request->bytes, words);
  route_request(std::move(request));
}

void Cluster::eval(const Script& script, std::span<const std::string_view> keys,
                   std::span<const std::string_view> arguments, Duration patience, ResultHandler done) {
  RG_CHECK(!keys.empty());
  auto request = std::make_unique<Request>();
  request->slot = slot_of(keys[0]);
  request->deadline = loop_.now() + patience;
  request->script = &script;
  request->bytes = RedisConnection::script_tail(keys, arguments);
  request->done = std::move(done);
  route_request(std::move(request));
}

void Cluster::route_request(std::unique_ptr<Request> request) {
  RedisConnection* const node = slots_[request->slot];
  if (node != nullptr) return send(*node, std::move(request), Manner::kPlain);
  wanted_ = true;
  if (!map_known_ && is_learning() && pause(request)) return;
  fail_unsent(request->done, map_known_ ? fmt::format("no node of the cluster serves slot {}", request->slot)
                                        : "the cluster's slots are not known: " + map_problem_);
}

// Whether the first slot map may come soon.
bool Cluster::is_learning() const {
  return started_ && (asking_ || std::ranges::any_of(nodes_, [](const auto& node) { return node->is_connecting(); }));
}

void Cluster::send(RedisConnection& node, std::unique_ptr<Request> request, Manner manner) {
  const Duration patience = request->deadline - loop_.now();
  Request& kept = *request;
  ResultHandler done = [this, &node, request = std::move(request)](const CommandResult& answer) mutable {
    on_answer(node, std::move(request), answer);
  };
  // The node that takes over a slot accepts only one command after ASKING; a script is sent with its source, since
  // NOSCRIPT would use that up.
  if (manner == Manner::kAsking) node.call({"ASKING"}, patience, [](const CommandResult&) {});
  if (kept.script == nullptr) return node.call_encoded(kept.bytes, patience, std::move(done));
  if (manner == Manner::kPlain) return node.eval_encoded(*kept.script, kept.bytes, patience, std::move(done));
  node.eval_source(*kept.script, kept.bytes, patience, std::move(done));
}

void Cluster::on_answer(RedisConnection& node, std::unique_ptr<Request> request, const CommandResult& answer) {
  const bool moved = answer && (*answer)->is_error("MOVED");
  const bool ask = answer && (*answer)->is_error("ASK");
  if (answer && (*answer)->is_error("TRYAGAIN") && pause(request)) return;
  if (!moved && !ask) return request->done(answer);
  wanted_ = wanted_ || moved;
  const auto target = redirection_of(node, (*answer)->text);
  if (!started_ || !target || ++request->redirections > kRedirectionsMax) return request->done(answer);
  if (request->deadline <= loop_.now()) {
    return fail_unsent(request->done, "the cluster sent the command elsewhere, and its time is over");
  }
  RedisConnection* const next = node_at(*target);
  if (next == nullptr) return request->done(answer);
  if (moved) slots_[request->slot] = next;
  send(*next, std::move(request), ask ? Manner::kAsking : Manner::kPlain);
}

// False if there is no time left for it.
bool Cluster::pause(std::unique_ptr<Request>& request) {
  const auto half = static_cast<uint64_t>(kPauseMin.us << request->pauses) / 2;
  const Instant then = loop_.now() + Duration::micros(static_cast<int64_t>(half + options_.random() % half));
  // Pausing commands are in no connection's queue, and have the same bound.
  if (!started_ || then >= request->deadline || pausing_.size() >= options_.pending_max) return false;
  request->pauses = std::min(request->pauses + 1, kPauseDoublingsMax);
  request->redirections = 0;
  pausing_.push_back(std::move(request));
  const auto place = std::prev(pausing_.end());
  (*place)->wake = loop_.at(then, [this, place] {
    std::unique_ptr<Request> again = std::move(*place);
    pausing_.erase(place);
    route_request(std::move(again));
  });
  return true;
}

RedisConnection* Cluster::node_at(const net::ConnectTarget& target) {
  for (const auto& node : nodes_) {
    if (node->server().target == target) return node.get();
  }
  if (nodes_.size() >= kNodesMax) return nullptr;
  ServerEndpoint server = settings_.seeds[0];
  server.target = target;
  ConnectionOptions options = options_;
  options.on_change = [this] { on_node_change(); };
  nodes_.push_back(std::make_unique<RedisConnection>(loop_, std::move(server), std::move(options)));
  nodes_.back()->start();
  return nodes_.back().get();
}

void Cluster::on_node_change() {
  if (started_ && !map_known_) refresh();
  options_.on_change();
}

void Cluster::probe_slot_map() {
  const bool all_open = std::ranges::all_of(nodes_, [](const auto& node) { return node->is_open(); });
  if (map_known_ && all_open && !wanted_ && ++quiet_ < settings_.quiet_looks) return;
  refresh();
}

void Cluster::refresh() {
  if (asking_) return;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    RedisConnection& node = *nodes_[++next_teller_ % nodes_.size()];
    if (!node.is_open()) continue;
    asking_ = true;
    quiet_ = 0;
    return node.call({"CLUSTER", "SLOTS"}, settings_.patience, [this, &node](const CommandResult& answer) {
      asking_ = false;
      if (!started_) return;
      if (answer && (*answer)->is_array()) return take_slots(node, **answer);
      is_no_cluster_ = answer && (*answer)->text.contains("cluster support disabled");
      map_problem_ =
          answer ? fmt::format("{}: {}", node.server().target.to_string(), (*answer)->text) : answer.error().message;
    });
  }
  // None of the known nodes can be reached: the cluster may have new addresses, which the seeds may know.
  for (const ServerEndpoint& seed : settings_.seeds) node_at(seed.target);
  if (!map_known_ && !nodes_[0]->problem().message.empty()) map_problem_ = nodes_[0]->problem().message;
}

// [[from, to, [host, port, id, ...], replica...]...]
void Cluster::take_slots(const RedisConnection& teller, const Reply& reply) {
  std::vector<RedisConnection*> slots(kSlotCount, nullptr);
  std::vector<RedisConnection*> kept;
  for (const Reply& range : reply.elements) {
    if (range.elements.size() < 3 || range.elements[2].elements.size() < 2) continue;
    const int64_t from = range.elements[0].integer;
    const int64_t to = range.elements[1].integer;
    const Reply& host = range.elements[2].elements[0];
    const int64_t port = range.elements[2].elements[1].integer;
    if (from < 0 || to >= kSlotCount || from > to || port <= 0 || port > UINT16_MAX) continue;
    RedisConnection* const node = node_at(told_by(teller, host.text, static_cast<uint16_t>(port)));
    if (node == nullptr) continue;
    std::fill(slots.begin() + from, slots.begin() + to + 1, node);
    if (std::ranges::find(kept, node) == kept.end()) kept.push_back(node);
  }
  if (kept.empty()) {
    map_problem_ = teller.server().target.to_string() + " knows of no slots";
    return;
  }
  slots_ = std::move(slots);
  map_known_ = true;
  wanted_ = false;
  drop_nodes_but(kept);
  options_.on_change();
}

// A connection to a node without slots is closed when none of its commands is being handled.
void Cluster::drop_nodes_but(const std::vector<RedisConnection*>& kept) {
  auto dropped = std::make_shared<std::vector<std::unique_ptr<RedisConnection>>>();
  for (auto& node : nodes_) {
    // Commands under way there may still be answered or sent elsewhere: the next look closes it.
    if (std::ranges::find(kept, node.get()) != kept.end() || node->pending() != 0) continue;
    node->stop();
    dropped->push_back(std::move(node));
  }
  std::erase(nodes_, nullptr);
  if (!dropped->empty()) loop_.post([dropped] { dropped->clear(); });
}

}  // namespace rateguard::redis
