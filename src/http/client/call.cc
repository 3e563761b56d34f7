// A call is in one place at a time: queued at the client (new, or doomed), waiting at its origin's pool, or carried by
// a connection. Ending a call removes it from there first and tells its owner last.
#include "http/client/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "http/chars.h"
#include "http/client/carrier.h"
#include "http/client/client.h"

namespace rateguard::http {
namespace {

// How long to wait for a server's answer to "Expect: 100-continue": a client should not wait indefinitely (RFC 9110,
// section 10.1.1), and curl waits as long.
constexpr Duration kExpectPatience = Duration::seconds(1);
// Interim answers to one request. Servers send one or two; more are no help to anybody.
constexpr int kInterimHeadsMax = 32;

bool is_of_the_message(std::string_view name) {
  return name == "host" || name == "te";
}

}  // namespace

Call::Call(Client& client, std::shared_ptr<const Origin> origin, const CallRequest& request, CallEvents& events,
           const CallTimeouts& timeouts)
    : client_(&client),
      origin_(std::move(origin)),
      events_(events),
      timeouts_(timeouts),
      method_(request.method),
      target_(request.target),
      authority_(request.authority.empty() ? origin_->name() : std::string(request.authority)),
      upgrade_(request.upgrade),
      content_kind_(request.content) {
  add_fields(request.headers);
  if (timeouts_.whole) whole_by_ = client.wheel_.now() + Client::ticks(*timeouts_.whole) + 1;
  finished_ = content_kind_ == RequestContent::kNone && upgrade_.empty();
  arm();
}

void Call::add_fields(std::span<const Header> headers) {
  std::string name;
  for (const Header& header : headers) {
    name.assign(header.name);
    for (char& c : name) c = lower_ascii(c);
    const bool says_trailers = name == "te" && equals_lower(header.value, "trailers");
    if (is_of_the_message(name) && !says_trailers) continue;
    if (name == "content-length") {
      const bool is_length = !header.value.empty() && header.value.size() <= 18 && all_chars(header.value, kDigitChar);
      if (content_kind_ == RequestContent::kNone || length_left_ || !is_length) continue;
      uint64_t length = 0;
      std::from_chars(header.value.data(), header.value.data() + header.value.size(), length);
      length_left_ = length;
    }
    if (name == "expect" && content_kind_ == RequestContent::kStreamed) {
      expects_continue_ = expects_continue_ || equals_lower(header.value, "100-continue");
    }
    fields_.add_lower(name, header.value);
  }
}

Call::~Call() {
  leave();
}

void Call::leave() {
  if (client_ == nullptr) return;
  phase_ = Phase::kOver;
  client_->wheel_.disarm(*this);
  Client& client = *std::exchange(client_, nullptr);
  if (Carrier* const carrier = std::exchange(carrier_, nullptr)) return carrier->cancel(*this);
  client.forget(*this);
}

void Call::write(std::string_view bytes) {
  if (is_over()) return;
  if (length_left_) {
    bytes = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(bytes.size(), *length_left_)));
    *length_left_ -= bytes.size();
  }
  if (bytes.empty()) return;
  if (content_sent_ == content_.size()) {
    content_.clear();
    content_sent_ = 0;
  }
  content_.append(bytes);
  had_to_wait_ = true;
  content_changed();
}

void Call::trailer(std::string_view name, std::string_view value) {
  trailers_.add_lower(name, value);
}

void Call::finish() {
  if (is_over() || finished_) return;
  if (length_left_.value_or(0) != 0) {
    return fail_soon(CallEnd::kOurs,
                     {.code = ErrorCode::kInvalid,
                      .message = fmt::format("the content is {} bytes shorter than its Content-Length", *length_left_),
                      .source = ErrorSource::kCaller});
  }
  finished_ = true;
  content_changed();
}

void Call::content_changed() {
  if (carrier_ != nullptr) carrier_->content_changed(*this);
}

size_t Call::waiting_bytes() const {
  return content_.size() - content_sent_ + (carrier_ == nullptr ? 0 : carrier_->waiting_bytes(*this));
}

void Call::consume(size_t bytes) {
  bytes = std::min(bytes, held_);
  held_ -= bytes;
  if (carrier_ != nullptr && bytes != 0) carrier_->consumed(*this, bytes);
}

// RFC 9110, section 9.2.2.
bool Call::is_idempotent() const {
  return method_ == "GET" || method_ == "HEAD" || method_ == "OPTIONS" || method_ == "TRACE" || method_ == "PUT" ||
         method_ == "DELETE";
}

void Call::carried_by(Carrier& carrier) {
  carrier_ = &carrier;
  ++attempts_;
  phase_ = expects_continue_ ? Phase::kExpecting : Phase::kAsking;
  arm();
}

void Call::back_to_waiting() {
  carrier_ = nullptr;
  phase_ = Phase::kWaiting;
  stream_id_ = -1;
  head_sent_ = deferred_ = false;
  arm();
}

void Call::arm() {
  std::optional<Duration> patience;
  switch (phase_) {
    case Phase::kWaiting:
      patience = timeouts_.connect;
      break;
    case Phase::kExpecting:
      patience = kExpectPatience;
      break;
    case Phase::kAsking:
      patience = timeouts_.first_byte;
      break;
    case Phase::kAnswered:
      patience = timeouts_.idle;
      break;
    case Phase::kOver:
      return;
  }
  sent_at_arming_ = carrier_ == nullptr ? 0 : carrier_->sent_bytes();
  if (!patience && !whole_by_) return client_->wheel_.disarm(*this);
  net::Tick left = patience ? Client::ticks(*patience) : net::Tick{UINT32_MAX};
  if (whole_by_) left = std::min(left, *whole_by_ - std::min(*whole_by_, client_->wheel_.now()));
  client_->wheel_.arm(*this, left);
}

void Call::on_timeout() {
  if (whole_by_ && client_->wheel_.now() >= *whole_by_) return fail_late("was not done in the time that it has in all");
  switch (phase_) {
    case Phase::kWaiting:
      return fail_late("found no connection in time");
    case Phase::kExpecting:
      phase_ = Phase::kAsking;
      arm();
      return content_changed();
    case Phase::kAsking:
      if (content_kind_ == RequestContent::kStreamed && !finished_ && waiting_bytes() == 0)
        return arm();  // it is the caller that is slow
      if (sends_slowly()) return arm();
      carrier_->call_is_late(*this);
      return fail_late("was not answered in time");
    case Phase::kAnswered:
      if (held_ >= kWindow) return arm();  // as above
      return fail_late("was answered in part, then nothing came in time");
    case Phase::kOver:
      return;
  }
}

// The server takes the content, if only a little at a time.
bool Call::sends_slowly() const {
  return waiting_bytes() != 0 && carrier_->sent_bytes() != sent_at_arming_;
}

void Call::fail_late(std::string_view what) {
  const Retry retry = carrier_ == nullptr ? Retry::kAlways : Retry::kIfIdempotent;
  fail(CallEnd::kLate, {.code = ErrorCode::kUnavailable,
                        .message = fmt::format("{} {} of {} {}", method_, target_, origin_->name(), what),
                        .source = ErrorSource::kNetwork,
                        .retry = retry});
}

void Call::fail_soon(CallEnd end, Error error) {
  doom_.emplace(end, std::move(error));
  client_->queue(*this);
}

bool Call::take_interim(const AnswerHead& head) {
  if (++interim_heads_ > kInterimHeadsMax) return false;
  if (phase_ == Phase::kExpecting && head.status == 100) {
    phase_ = Phase::kAsking;
    content_changed();
  }
  arm();
  return true;
}

void Call::tell_answered(const AnswerHead& head) {
  content_refused_ = phase_ == Phase::kExpecting;
  phase_ = Phase::kAnswered;
  arm();
  events_.answered(*this, head);
}

void Call::tell_piece(std::string_view bytes) {
  held_ += bytes.size();
  arm();
  events_.body_arrived(*this, bytes);
}

// Called after the content that was there has been sent as far as possible.
void Call::tell_sent() {
  if (phase_ != Phase::kExpecting) arm();
  if (waiting_bytes() == 0 && std::exchange(had_to_wait_, false) && !finished_) events_.drained(*this);
}

void Call::end(std::span<const Header> trailers) {
  leave();
  events_.body_ended(*this, trailers);
}

void Call::fail(CallEnd end, Error error) {
  ++client_->stats_.calls_failed;
  leave();
  events_.failed(*this, end, error);
}

}  // namespace rateguard::http
