#include "http/client/client.h"

#include <algorithm>
#include <utility>

#include "http/client/client_connection.h"
#include "http/client/origin_pool.h"

namespace rateguard::http {
namespace {

// By which deadlines come nearer in one turn of the loop, however long that took.
constexpr int64_t kTicksMax = 4;

}  // namespace

Client::Client(net::EventLoop& loop, ClientLimits limits)
    : loop_(loop), limits_(limits), self_(std::make_shared<Client*>(this)) {}

Client::~Client() {
  *self_ = nullptr;
  for (Call* const call : std::exchange(calls_, {})) {
    if (call != nullptr) call->leave();
  }
  for (auto& [origin, pool] : pools_) pool->abandon();
}

// Rounded up.
net::Tick Client::ticks(Duration duration) {
  return static_cast<net::Tick>((std::max<int64_t>(duration.us, 0) + kTick.us - 1) / kTick.us);
}

std::unique_ptr<Call> Client::call(std::shared_ptr<const Origin> origin, const CallRequest& request, CallEvents& events,
                                   const CallTimeouts& timeouts) {
  keep_time();
  ++stats_.calls_begun;
  std::unique_ptr<Call> call(new Call(*this, std::move(origin), request, events, timeouts));
  queue(*call);
  return call;
}

OriginPool& Client::pool_of(const std::shared_ptr<const Origin>& origin) {
  std::unique_ptr<OriginPool>& pool = pools_[origin.get()];
  if (!pool) pool = std::make_unique<OriginPool>(*this, origin);
  return *pool;
}

void Client::queue(Call& call) {
  if (std::exchange(call.queued_, true)) return;
  calls_.push_back(&call);
  post();
}

void Client::forget(Call& call) {
  if (std::exchange(call.queued_, false)) {
    std::ranges::replace(calls_, &call, nullptr);
    std::ranges::replace(calls_now_, &call, nullptr);
  }
  if (const auto found = pools_.find(call.origin_.get()); found != pools_.end()) found->second->forget(call);
}

void Client::queue(ClientConnection& connection) {
  if (std::exchange(connection.has_turn, true)) return;
  turns_.push_back(&connection);
  post();
}

void Client::queue(OriginPool& pool) {
  if (std::exchange(pool.is_queued, true)) return;
  to_assign_.push_back(&pool);
  post();
}

void Client::free_later(std::unique_ptr<ClientConnection> connection) {
  --stats_.connections_open;
  dead_.push_back(std::move(connection));
  post();
}

void Client::post() {
  if (std::exchange(posted_, true)) return;
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->run_turn();
  });
}

// What is queued meanwhile gets the next turn. By index, because entries may be added or removed meanwhile.
void Client::run_turn() {
  posted_ = false;
  std::vector<std::unique_ptr<ClientConnection>> dead = std::exchange(dead_, {});
  for (const auto& connection : dead) std::ranges::replace(turns_, connection.get(), nullptr);
  dead.clear();
  std::swap(calls_, calls_now_);
  for (size_t i = 0; i < calls_now_.size(); ++i) {
    Call* const call = std::exchange(calls_now_[i], nullptr);
    if (call == nullptr) continue;
    call->queued_ = false;
    look_at(*call);
  }
  calls_now_.clear();
  for (OriginPool* const pool : std::exchange(to_assign_, {})) {
    pool->is_queued = false;
    pool->assign();
  }
  std::vector<ClientConnection*> turns = std::exchange(turns_, {});
  for (ClientConnection* const connection : turns) {
    if (connection == nullptr) continue;
    connection->has_turn = false;
    connection->turn();
  }
  drop_empty_pools();
}

void Client::look_at(Call& call) {
  if (call.doom_) {
    auto [end, error] = std::move(*call.doom_);
    return call.fail(end, std::move(error));
  }
  pool_of(call.origin_).admit(call);
}

void Client::drop_empty_pools() {
  if (!dead_.empty()) return;  // they refer to their pools
  std::erase_if(pools_, [](const auto& entry) { return !entry.second->is_queued && entry.second->is_empty(); });
  if (!pools_.empty() || !calls_.empty()) return;
  ticking_ = false;
  ticker_.cancel();
}

// Ticks only while something can time out, so that an idle process sleeps.
void Client::keep_time() {
  if (std::exchange(ticking_, true)) return;
  ticked_until_ = std::chrono::steady_clock::now();
  ticker_ = loop_.every(kTick, [this] { tick(); });
}

void Client::tick() {
  const auto passed = std::chrono::steady_clock::now() - ticked_until_;
  const auto step = std::chrono::microseconds(kTick.us);
  const auto count = passed / step;
  ticked_until_ += count * step;
  // A loop that was busy is not a server that was slow: what has come meanwhile is heard before the time is over.
  wheel_.advance(static_cast<net::Tick>(std::min<int64_t>(count, kTicksMax)));
}

}  // namespace rateguard::http
