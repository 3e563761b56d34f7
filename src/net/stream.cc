// Invariants: the descriptor is watched while connected, unless the peer has hung up while reading is paused, since
// epoll would report that without end. No event is called from within write(), offer() or resume_reading():
// called_back() reports what they found, in a later turn of the loop.
#include "net/stream.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace rateguard::net {
namespace {

// Enough for the answers of a deep pipeline in one call.
constexpr size_t kReadBytes = 64 * 1'024;
// Reads in a row from a TLS connection that has more, before the loop's others get their turn: a read gives one record
// of at most 16 KiB.
constexpr int kReadsMax = 16;

// One buffer for all streams of a thread, so that an idle stream holds none. A stream that is read from within
// another's event uses its own.
class ReadBuffer {
 public:
  ReadBuffer() : own_(std::exchange(busy_, true) ? std::make_unique_for_overwrite<Bytes>() : nullptr) {}
  ~ReadBuffer() {
    if (own_ == nullptr) busy_ = false;
  }
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;
  std::span<char> bytes() { return own_ != nullptr ? *own_ : shared_; }

 private:
  using Bytes = std::array<char, kReadBytes>;
  static inline thread_local Bytes shared_;
  static inline thread_local bool busy_ = false;
  std::unique_ptr<Bytes> own_;
};

Error network_error(std::string message) {
  return {.code = ErrorCode::kUnavailable, .message = std::move(message), .source = ErrorSource::kNetwork};
}

}  // namespace

template <typename Work>
void Stream::guard(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    if (!is_closed()) end(StreamEnd::kBroken, {.code = ErrorCode::kExhausted, .message = "out of memory"});
  }
}

void Stream::connect(const StreamOptions& options) {
  RG_CHECK(is_closed());
  options_ = options;
  phase_ = Phase::kConnecting;
  reading_ = true;
  read_bytes_max_ = kReadBytes;
  interest_ = 0;
  output_error_ = 0;
  sent_bytes_ = 0;
  blocked_ = send_wants_read_ = broken_output_ = finishes_ = sending_finished_ = false;
  input_over_ = keeps_half_open_ = false;
  connected_by_ = loop_.now() + options_.patience;
  connector_.connect(options_.target, options_.patience,
                     [this](Result<int> made) { guard([&] { on_connected(std::move(made)); }); });
}

void Stream::close() {
  if (phase_ == Phase::kClosed) return;
  if (watched_) loop_.unwatch(transport_->descriptor(), *this);
  watched_ = false;
  if (is_open() && transport_->secure() && !broken_output_ && !sending_finished_) transport_->shut_down_sending();
  connector_.cancel();
  deadline_.cancel();
  transport_.reset();
  out_.release();
  out_sent_ = 0;
  if (self_) *std::exchange(self_, nullptr) = nullptr;
  phase_ = Phase::kClosed;
}

void Stream::end(StreamEnd how, Error error) {
  close();
  events_.closed(how, error);
}

void Stream::on_connected(Result<int> descriptor) {
  if (!descriptor) {
    Error error = std::move(descriptor.error());
    error.source = ErrorSource::kNetwork;
    return end(StreamEnd::kNotConnected, std::move(error));
  }
  transport_.emplace(*descriptor);
  interest_ = EPOLLIN;
  if (auto watching = loop_.watch(*descriptor, interest_, *this); !watching) {
    return end(StreamEnd::kNotConnected, std::move(watching.error()));
  }
  watched_ = true;
  if (!options_.tls) return open();
  phase_ = Phase::kTls;
  deadline_ = loop_.after(connected_by_ - loop_.now(), [this] {
    end(StreamEnd::kLate, network_error("timed out: it accepts connections and does not answer TLS"));
  });
  if (!transport_->start_tls(*options_.tls, options_.tls_name.empty() ? options_.target.host : options_.tls_name,
                             options_.protocols)) {
    return end(StreamEnd::kTls, {.code = ErrorCode::kExhausted, .message = "cannot set up TLS: out of memory"});
  }
  continue_tls();
}

void Stream::continue_tls() {
  const IoResult result = transport_->handshake();
  switch (result.status) {
    case IoStatus::kOk:
      return open();
    case IoStatus::kWantRead:
    case IoStatus::kWantWrite:
      blocked_ = result.status == IoStatus::kWantWrite;
      return set_interest();
    case IoStatus::kEnd:
    case IoStatus::kFailed:
      return tls_failed();
  }
}

void Stream::tls_failed() {
  if (const std::string problem = transport_->certificate_problem(); !problem.empty()) {
    return end(StreamEnd::kCertificate, {.code = ErrorCode::kInvalid,
                                         .message = "its certificate is not accepted: " + problem,
                                         .source = ErrorSource::kPeer});
  }
  if (const std::string problem = transport_->tls_problem(); !problem.empty()) {
    return end(
        StreamEnd::kTls,
        {.code = ErrorCode::kInvalid, .message = "the TLS handshake failed: " + problem, .source = ErrorSource::kPeer});
  }
  end(StreamEnd::kTls, network_error("the TLS handshake failed"));
}

void Stream::open() {
  phase_ = Phase::kOpen;
  deadline_.cancel();
  blocked_ = false;
  if (waiting_bytes() != 0) {
    flush();
    blocked_ = blocked_ || waiting_bytes() != 0;
  }
  set_interest();
  if (transport_->has_pending()) call_soon();  // what arrived with the end of the handshake
  events_.opened();
}

void Stream::on_ready(uint32_t events) {
  guard([&] { ready(events); });
}

void Stream::ready(uint32_t events) {
  if (phase_ == Phase::kTls) return continue_tls();
  const bool may_send = (events & EPOLLOUT) != 0 || (send_wants_read_ && (events & EPOLLIN) != 0);
  if (may_send && blocked_) {
    continue_output();
    if (!is_open()) return;
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) return;
  if (reading_ && !input_over_) return read();
  if ((events & (EPOLLERR | EPOLLHUP)) == 0) return;
  if (input_over_) return sending_finished_ ? both_over() : broke_off(0);
  // It is read when reading resumes; until then no event is needed.
  loop_.unwatch(transport_->descriptor(), *this);
  watched_ = false;
}

void Stream::continue_output() {
  flush();
  if (waiting_bytes() != 0) return set_interest();
  blocked_ = false;
  set_interest();
  if (!broken_output_) events_.drained();
}

void Stream::write(std::string_view bytes) {
  if (is_closed() || broken_output_ || finishes_) return;
  if (is_open() && waiting_bytes() == 0) bytes.remove_prefix(offer(bytes));
  if (bytes.empty() || broken_output_) return;
  if (out_sent_ > out_.size() / 2) {
    out_.consume(out_sent_);
    out_sent_ = 0;
  }
  out_.append(bytes);
}

size_t Stream::offer(std::string_view bytes) {
  RG_DCHECK(is_open());
  if (broken_output_) return 0;
  size_t sent = 0;
  send_wants_read_ = false;
  while (sent < bytes.size()) {
    errno = 0;
    const IoResult result = transport_->send(bytes.substr(sent));
    if (result.status != IoStatus::kOk) {
      if (result.status != IoStatus::kWantRead && result.status != IoStatus::kWantWrite) {
        output_failed();
        return sent;
      }
      send_wants_read_ = result.status == IoStatus::kWantRead;
      blocked_ = true;
      break;
    }
    sent += result.bytes;
    sent_bytes_ += result.bytes;
  }
  set_interest();
  return sent;
}

void Stream::flush() {
  if (waiting_bytes() != 0) out_sent_ += offer(out_.view().substr(out_sent_));
  if (waiting_bytes() != 0) return;
  out_.release();
  out_sent_ = 0;
  if (!finishes_ || std::exchange(sending_finished_, true)) return;
  transport_->shut_down_sending();
  if (input_over_) call_soon();
}

// The peer may have said why before it disconnected: what has arrived is read first.
void Stream::output_failed() {
  output_error_ = errno;
  broken_output_ = true;
  out_.release();
  out_sent_ = 0;
  call_soon();
}

void Stream::finish_sending() {
  if (is_closed() || broken_output_ || std::exchange(finishes_, true)) return;
  if (is_open() && waiting_bytes() == 0) flush();
}

void Stream::pause_reading() {
  reading_ = false;
  if (is_open()) set_interest();
}

void Stream::resume_reading() {
  if (std::exchange(reading_, true) || !is_open()) return;
  if (!watched_) {
    interest_ = EPOLLIN;
    watched_ = loop_.watch(transport_->descriptor(), interest_, *this).has_value();
    if (!watched_) call_soon();
  }
  set_interest();
  // Bytes that TLS has taken from the socket do not make the socket ready.
  if (transport_->has_pending() || broken_output_) call_soon();
}

void Stream::read_now() {
  if (is_open() && reading_ && !input_over_) read();
}

void Stream::read() {
  ReadBuffer buffer;
  for (int reads = 0;; ++reads) {
    errno = 0;
    const IoResult result = transport_->receive(buffer.bytes().first(std::min(kReadBytes, read_bytes_max_)));
    switch (result.status) {
      case IoStatus::kOk:
        break;
      case IoStatus::kWantRead:
      case IoStatus::kWantWrite:  // TLS has to answer first: it tries with the next read or write
        if (broken_output_) broke_off(output_error_);
        return;
      case IoStatus::kEnd:
        return read_at_end();
      case IoStatus::kFailed:
        return broke_off(errno);
    }
    events_.input(buffer.bytes().first(result.bytes));
    if (!is_open() || !reading_) return;
    if (!transport_->has_pending() && !broken_output_) return;
    if (reads == kReadsMax) return call_soon();
  }
}

void Stream::read_at_end() {
  input_over_ = true;
  if (!keeps_half_open_ || broken_output_ || sending_finished_) return both_over();
  set_interest();
  events_.input_ended();
}

void Stream::both_over() {
  end(StreamEnd::kEnded, network_error("the server closed the connection"));
}

void Stream::broke_off(int error) {
  const std::string problem = transport_->tls_problem();  // TLS 1.3: that our certificate was refused shows only now
  if (!problem.empty()) {
    return end(StreamEnd::kTls, {.code = ErrorCode::kInvalid, .message = problem, .source = ErrorSource::kPeer});
  }
  end(StreamEnd::kBroken, network_error(error == 0 ? "connection broken" : std::strerror(error)));
}

void Stream::call_soon() {
  if (self_) return;
  self_ = std::make_shared<Stream*>(this);
  loop_.post([self = self_] {
    if (Stream* const stream = *self) stream->guard([stream] { stream->called_back(); });
  });
}

void Stream::called_back() {
  self_.reset();
  if (!is_open()) return;
  if (!watched_ && reading_) return broke_off(0);
  if (reading_ && !input_over_) return read();
  if (input_over_ && sending_finished_) return both_over();
  if (input_over_ && broken_output_) broke_off(output_error_);
}

void Stream::set_interest() {
  if (!watched_) return;
  const bool reads = phase_ == Phase::kTls ? !blocked_ : (reading_ && !input_over_) || send_wants_read_;
  const bool writes = blocked_ && !send_wants_read_ && !broken_output_;
  const uint32_t events = (reads ? uint32_t{EPOLLIN} : 0) | (writes ? uint32_t{EPOLLOUT} : 0);
  if (events == interest_) return;
  interest_ = events;
  loop_.change(transport_->descriptor(), events, *this);
}

}  // namespace rateguard::net
