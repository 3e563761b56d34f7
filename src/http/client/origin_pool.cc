#include "http/client/origin_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rateguard::http {

void OriginPool::admit(Call& call) {
  if (waiting_.size() >= client_.limits_.waiting_max) {
    return call.fail(CallEnd::kTooMany, {.code = ErrorCode::kExhausted,
                                         .message = fmt::format("{} calls wait for a connection to {} already",
                                                                waiting_.size(), origin_->name()),
                                         .retry = Retry::kAlways});
  }
  if (!call.upgrade_.empty() && origin_->protocols == Protocols::kHttp2) {
    return call.fail(
        CallEnd::kOurs,
        {.code = ErrorCode::kInvalid, .message = "HTTP/2 has no upgrades", .source = ErrorSource::kCaller});
  }
  waiting_.push_back(&call);
  client_.queue(*this);
}

void OriginPool::repeat(Call& call) {
  ++client_.stats_.calls_repeated;
  call.back_to_waiting();
  waiting_.push_front(&call);
  client_.queue(*this);
}

void OriginPool::forget(Call& call) {
  std::erase(waiting_, &call);
}

// The one that was used last, so that those that are not needed reach their idle timeout.
ClientConnection* OriginPool::with_room(const Call& call) const {
  for (size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->has_room_for(call)) return connections_[i].get();
  }
  return nullptr;
}

size_t OriginPool::opening() const {
  return static_cast<size_t>(std::ranges::count_if(connections_, [](const auto& one) { return one->is_opening(); }));
}

void OriginPool::assign() {
  bool is_full = false;
  bool wants_http1 = false;
  for (size_t i = 0; i < waiting_.size();) {
    Call& call = *waiting_[i];
    // If one call that any connection may carry finds none, no other will.
    ClientConnection* const connection = is_full && call.upgrade_.empty() ? nullptr : with_room(call);
    if (connection == nullptr) {
      is_full = is_full || call.upgrade_.empty();
      wants_http1 = wants_http1 || !call.upgrade_.empty();
      ++i;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(i));
    connection->begin(call);
  }
  const bool is_multiplexed = speaks_http2_ && !wants_http1;
  const size_t calls_each = is_multiplexed ? client_.limits_.streams_max : 1;
  while (opening() * calls_each < waiting_.size() && connections_.size() < client_.limits_.connections_max) {
    open(wants_http1 ? Protocols::kHttp1 : origin_->protocols);
  }
}

void OriginPool::open(Protocols protocols) {
  ++client_.stats_.connections_opened;
  ++client_.stats_.connections_open;
  connections_.push_back(std::make_unique<ClientConnection>(*this, protocols));
  connections_.back()->open();
}

void OriginPool::not_opened(ClientConnection& connection, CallEnd end, const Error& error) {
  remove(connection);
  const bool others = !connections_.empty();
  // A call's owner may destroy calls or begin new ones when it is told.
  for (std::vector<Call*> told(waiting_.begin(), waiting_.end()); Call* const call : told) {
    if (std::ranges::find(waiting_, call) == waiting_.end()) continue;
    call->fail(end, error);
    if (others) break;
  }
  client_.queue(*this);
}

void OriginPool::remove(ClientConnection& connection) {
  const auto found = std::ranges::find_if(connections_, [&](const auto& one) { return one.get() == &connection; });
  if (found == connections_.end()) return;
  std::unique_ptr<ClientConnection> dead = std::move(*found);
  connections_.erase(found);
  client_.free_later(std::move(dead));
  client_.queue(*this);
}

void OriginPool::close_kept() {
  const std::vector<ClientConnection*> kept = [&] {
    std::vector<ClientConnection*> idle;
    for (const auto& one : connections_) {
      if (one->is_kept()) idle.push_back(one.get());
    }
    return idle;
  }();
  for (ClientConnection* const connection : kept) connection->close();
}

void OriginPool::abandon() {
  for (Call* const call : std::exchange(waiting_, {})) call->leave();
  for (const auto& connection : connections_) connection->abandon();
}

}  // namespace rateguard::http
