#include "http/client/client_connection.h"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "http/client/http1_carrier.h"
#include "http/client/http2_carrier.h"
#include "http/client/origin_pool.h"

namespace rateguard::http {
namespace {

// Calls have deadlines of their own, which are shorter; this one ends an attempt that no call waits for any more.
constexpr Duration kOpenPatience = Duration::seconds(30);

std::vector<std::string> alpn(Protocols protocols) {
  switch (protocols) {
    case Protocols::kHttp1:
      return {"http/1.1"};
    case Protocols::kHttp2:
      return {"h2"};
    case Protocols::kBoth:
      break;
  }
  return {"h2", "http/1.1"};
}

}  // namespace

ClientConnection::ClientConnection(OriginPool& pool, Protocols protocols)
    : pool_(pool), protocols_(protocols), stream_(pool.client().loop(), *this) {}

ClientConnection::~ClientConnection() {
  client().wheel_.disarm(*this);
}

Client& ClientConnection::client() {
  return pool_.client();
}

const Origin& ClientConnection::origin() const {
  return pool_.origin();
}

void ClientConnection::open() {
  stream_.connect({.target = origin().target,
                   .tls = origin().tls,
                   .tls_name = origin().tls_name,
                   .protocols = alpn(protocols_),
                   .patience = kOpenPatience});
}

void ClientConnection::opened() {
  const bool by_alpn = stream_.is_secure();
  const bool is_http2 = by_alpn ? stream_.protocol() == "h2" : protocols_ == Protocols::kHttp2;
  if (!is_http2 && protocols_ == Protocols::kHttp2) {
    stream_.close();
    return pool_.not_opened(
        *this, CallEnd::kNotConnected,
        named({.code = ErrorCode::kInvalid, .message = "it does not speak HTTP/2", .source = ErrorSource::kPeer}));
  }
  if (is_http2) {
    carrier_ = std::make_unique<Http2Carrier>(*this);
    pool_.learn_http2();
  } else {
    carrier_ = std::make_unique<Http1Carrier>(*this);
  }
  released();
}

bool ClientConnection::has_room_for(const Call& call) const {
  if (carrier_ == nullptr || retired_ || stream_.is_closed()) return false;
  return carrier_->room() != 0 && (call.upgrade_.empty() || carrier_->can_upgrade());
}

bool ClientConnection::is_kept() const {
  return carrier_ != nullptr && !stream_.is_closed() && carrier_->under_way() == 0;
}

void ClientConnection::begin(Call& call) {
  ++calls_;
  client().wheel_.disarm(*this);
  call.carried_by(*carrier_);
  try {
    carrier_->begin(call);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
  call_soon();
}

void ClientConnection::turn() {
  if (carrier_ == nullptr || stream_.is_closed()) return;
  try {
    carrier_->turn();
  } catch (const std::bad_alloc&) {
    out_of_memory();
  }
}

void ClientConnection::out_of_memory() {
  if (stream_.is_closed()) return;
  stream_.close();
  pool_.remove(*this);
  carrier_->closed(net::StreamEnd::kBroken, {.code = ErrorCode::kExhausted, .message = "out of memory"});
}

void ClientConnection::call_soon() {
  client().queue(*this);
}

void ClientConnection::released() {
  if (carrier_->under_way() == 0) client().wheel_.arm(*this, Client::ticks(client().limits_.idle));
  if (retired_) return close_if_done();
  pool_.has_room();
}

void ClientConnection::close_if_done() {
  if (carrier_->under_way() == 0) close();
}

void ClientConnection::close() {
  if (stream_.is_closed()) return;
  stream_.close();
  pool_.remove(*this);
}

void ClientConnection::abandon() {
  stream_.close();
  if (carrier_ != nullptr) carrier_->abandon();
}

void ClientConnection::on_timeout() {
  if (carrier_ != nullptr && carrier_->under_way() == 0) close();
}

void ClientConnection::input(std::span<char> bytes) {
  carrier_->input(bytes);
}

void ClientConnection::drained() {
  carrier_->turn();
}

void ClientConnection::closed(net::StreamEnd end, const Error& error) {
  if (carrier_ == nullptr) {
    const CallEnd how = end == net::StreamEnd::kLate ? CallEnd::kLate : CallEnd::kNotConnected;
    Error why = named(error);
    why.retry = Retry::kAlways;
    return pool_.not_opened(*this, how, why);
  }
  pool_.remove(*this);
  carrier_->closed(end, error);
}

Error ClientConnection::named(Error error) const {
  if (!error.message.contains(origin().name())) error.message = fmt::format("{}: {}", origin().name(), error.message);
  return error;
}

void ClientConnection::lose(Call& call, CallEnd end, Error error) {
  const bool may_repeat = error.retry == Retry::kAlways || (error.retry == Retry::kIfIdempotent && was_used() &&
                                                            call.is_idempotent() && end == CallEnd::kBroken);
  if (may_repeat && call.phase_ != Call::Phase::kAnswered && !call.content_begun_ && call.attempts_ == 1) {
    pool_.repeat(call);
    return stream_.is_closed() ? pool_.close_kept() : void();
  }
  call.fail(end, named(std::move(error)));
}

}  // namespace rateguard::http
