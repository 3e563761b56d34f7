#include "net/connection_host.h"

#include <algorithm>
#include <utility>

#include "net/turn_budget.h"

namespace rateguard::net {
namespace {

// A timeout is accurate to an eighth of its length, but causes at most 1,000 wake-ups a second; for timeouts of seconds
// 100 ms are accurate enough.
constexpr int64_t kTicksPerTimeout = 8;
constexpr Duration kTickMin = Duration::millis(1);
constexpr Duration kTickMax = Duration::millis(100);
// How long after an answer that ends a connection its peer is still read from, so that more requests destroy no answer.
constexpr Duration kLingerTime = Duration::seconds(1);

Duration tick_for(const ConnectionTimeouts& timeouts) {
  const Duration shortest = std::min({timeouts.idle, timeouts.read, timeouts.write, timeouts.handshake});
  return std::clamp(Duration::micros(shortest.us / kTicksPerTimeout), kTickMin, kTickMax);
}

}  // namespace

ConnectionHost::ConnectionHost(ConnectionHostOptions options, ConnectionStats& stats)
    : options_(std::move(options)), stats_(stats), tick_length_(tick_for(options_.timeouts)) {
  const auto set = [this](Connection::Timeout timeout, Duration d) {
    ticks_[static_cast<size_t>(timeout)] = static_cast<Tick>((d.us + tick_length_.us - 1) / tick_length_.us);
  };
  set(Connection::Timeout::kHandshake, options_.timeouts.handshake);
  set(Connection::Timeout::kIdle, options_.timeouts.idle);
  set(Connection::Timeout::kRead, options_.timeouts.read);
  set(Connection::Timeout::kWrite, options_.timeouts.write);
  set(Connection::Timeout::kLinger, kLingerTime);
}

ConnectionHost::~ConnectionHost() {
  if (options_.shared_count) *options_.shared_count -= static_cast<int64_t>(connections_.size());
}

Result<uint16_t> ConnectionHost::start(EventLoop& loop, Make make, Refuse refuse) {
  auto listener = Listener::open(loop, options_.address,
                                 [this](int descriptor, const IpAddress& peer) { accept(descriptor, peer); });
  if (!listener) return std::unexpected(listener.error());
  loop_ = &loop;
  make_ = std::move(make);
  refuse_ = std::move(refuse);
  listener_ = std::move(*listener);
  return listener_->port();
}

void ConnectionHost::accept(int descriptor, const IpAddress& peer) {
  stats_.connections_accepted.add();
  if (!take_place()) {
    stats_.connections_refused.add();
    tell_turned_away(TurnedAway::kTooMany, peer, {});
    Transport transport(descriptor);
    if (options_.tls || !refuse_) return;
    refuse_(transport);
    return transport.shut_down_sending();
  }
  start_ticking();
  connections_.push_back(make_(descriptor, peer));
  Connection& connection = *connections_.back();
  connection.index_ = static_cast<uint32_t>(connections_.size() - 1);
  stats_.connections_open.set(connections_.size());
  connection.start();
}

bool ConnectionHost::take_place() {
  if (!options_.shared_count) return connections_.size() < static_cast<size_t>(options_.connections_max);
  if (options_.shared_count->fetch_add(1) < options_.connections_max) return true;
  options_.shared_count->fetch_sub(1);
  return false;
}

void ConnectionHost::tell_turned_away(TurnedAway what, const IpAddress& peer, std::string_view why) const {
  if (options_.on_turned_away) options_.on_turned_away(what, peer, why);
}

void ConnectionHost::remove(Connection& connection) {
  const size_t index = connection.index_;
  if (options_.shared_count) options_.shared_count->fetch_sub(1);
  if (connection.turn_queued_) {
    for (std::vector<Connection*>* const turns : {&turns_, &turns_now_}) {
      std::ranges::replace(*turns, &connection, nullptr);
    }
  }
  free_later(std::move(connections_[index]));
  if (index + 1 != connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index_ = static_cast<uint32_t>(index);
  }
  connections_.pop_back();
  stats_.connections_open.set(connections_.size());
  if (draining_ && connections_.empty()) emptied();
}

void ConnectionHost::replace(Connection& connection, std::unique_ptr<Connection> successor) {
  const uint32_t index = connection.index_;
  successor->index_ = index;
  std::swap(connections_[index], successor);
  free_later(std::move(successor));
  connections_[index]->take_over();
}

void ConnectionHost::free_later(std::unique_ptr<Connection> connection) {
  if (closed_.empty()) {
    loop_->post([this, guard = std::weak_ptr(alive_)] {
      if (!guard.expired()) closed_.clear();
    });
  }
  closed_.push_back(std::move(connection));
}

void ConnectionHost::queue_turn(Connection& connection) {
  if (turns_.empty()) run_turns_soon();
  turns_.push_back(&connection);
}

void ConnectionHost::run_turns_soon() {
  loop_->post([this, guard = std::weak_ptr(alive_)] {
    if (!guard.expired()) run_turns();
  });
}

// Those that have yielded go on until this turn's time is used up. The others of them come first in the next one, after
// whatever happens on other connections until then.
void ConnectionHost::run_turns() {
  turn_of_use_ = loop_->now();
  turn_time_used_ = {};
  std::swap(turns_, turns_now_);
  // By index: a turn may close any connection.
  for (size_t i = 0; i < turns_now_.size(); ++i) {
    const bool has_to_wait =
        turns_now_[i] != nullptr && turns_now_[i]->yielded_ && turn_time_used_ >= TurnBudget::kTurnTime;
    if (turns_now_[i] != nullptr && !has_to_wait) std::exchange(turns_now_[i], nullptr)->next_turn();
  }
  std::erase(turns_now_, nullptr);
  if (turns_now_.empty()) return;
  if (turns_.empty()) run_turns_soon();
  turns_.insert(turns_.begin(), turns_now_.begin(), turns_now_.end());
  turns_now_.clear();
}

std::chrono::nanoseconds& ConnectionHost::turn_time_used() {
  const Now now = loop_->now();
  if (now != turn_of_use_) {
    turn_of_use_ = now;
    turn_time_used_ = {};
  }
  return turn_time_used_;
}

// Ticks only while there is somebody to time out, so that an idle process sleeps.
void ConnectionHost::start_ticking() {
  if (std::exchange(ticking_, true)) return;
  ticked_until_ = options_.steady_now();
  ticker_ = loop_->every(tick_length_, [this] { tick(); });
}

void ConnectionHost::tick() {
  const auto passed = options_.steady_now() - ticked_until_;
  const auto ticks = passed / std::chrono::microseconds(tick_length_.us);
  ticked_until_ += ticks * std::chrono::microseconds(tick_length_.us);
  wheel_.advance(static_cast<Tick>(ticks));
  if (connections_.empty()) {
    ticking_ = false;
    ticker_.cancel();
  }
}

void ConnectionHost::drain(Duration grace, std::function<void()> on_empty) {
  if (loop_ == nullptr) return on_empty();
  on_empty_ = std::move(on_empty);
  listener_->close();
  draining_ = true;
  // From the end, because a connection that closes is replaced by the last one. It may close others too.
  for (size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->drain();
  }
  if (connections_.empty()) return emptied();
  grace_ = loop_->after(grace, [this] { cut_off(); });
}

// Those that are open now. Whatever closing them brings about is cut off in the next turn of the loop.
void ConnectionHost::cut_off() {
  for (size_t left = connections_.size(); left > 0 && !connections_.empty(); --left) connections_.back()->close();
  if (!connections_.empty()) grace_ = loop_->after({}, [this] { cut_off(); });
}

void ConnectionHost::emptied() {
  grace_.cancel();
  if (on_empty_) loop_->post(std::exchange(on_empty_, {}));
}

}  // namespace rateguard::net
