// The life of a connection, apart from what its protocol does.
//
// The host owns every connection. close() ends it at once and removes it from the host, which destroys it later, in
// posted work: code after a call that may close must check the state, but may still use members. out_ is empty or has
// unsent bytes from out_sent_ on; while it has, the socket is watched for writing, and for reading only if duplex_.
// While paused_ the socket is watched for errors alone, except to send what waits. At most one timeout is armed, the
// one in timeout_; none while paused without output.
#include "net/connection.h"

#include <sys/epoll.h>

#include <new>
#include <utility>

#include "net/connection_host.h"

namespace rateguard::net {
namespace {

constexpr size_t kPreambleBytesMax = 64 * 1'024;
// How long at most to keep reading from a client that still sends after its last answer: as long as one request may
// take to arrive by default. Python's http.client and Go's read no answer before they have sent everything.
constexpr Duration kLingerMax = Duration::seconds(10);

}  // namespace

Connection::Connection(ConnectionHost& host, int descriptor, const IpAddress& peer)
    : host_(host), transport_(descriptor), peer_(peer) {}

Connection::Connection(ConnectionHost& host, Connection&& from)
    : host_(host),
      transport_(std::move(from.transport_)),
      peer_(from.peer_),
      client_subject_(std::move(from.client_subject_)),
      in_(std::move(from.in_)) {
  from.in_ = {};
}

Connection::~Connection() {
  host_.wheel_.disarm(*this);
}

template <typename Work>
void Connection::guard(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    close();
  }
}

void Connection::start() {
  guard([this] { begin(); });
}

void Connection::begin() {
  interest_ = EPOLLIN;
  if (!host_.loop().watch(transport_.descriptor(), interest_, *this)) return close();
  if (host_.options_.preamble) {
    arm(Timeout::kHandshake);
    return read_preamble();
  }
  begin_tls();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (transport_.secure()) transport_.shut_down_sending();
  host_.loop().unwatch(transport_.descriptor(), *this);
  host_.wheel_.disarm(*this);
  closed();
  host_.remove(*this);
}

void Connection::hand_on(std::unique_ptr<Connection> successor) {
  state_ = State::kClosed;
  host_.loop().unwatch(successor->transport_.descriptor(), *this);
  host_.wheel_.disarm(*this);
  host_.replace(*this, std::move(successor));
}

// The caller's guard is that of the connection it came from, which is closed already.
void Connection::take_over() {
  guard([this] { begin_taken_over(); });
}

void Connection::begin_taken_over() {
  interest_ = EPOLLIN;
  state_ = State::kOpen;
  if (!host_.loop().watch(transport_.descriptor(), interest_, *this)) return close();
  arm(Timeout::kIdle);
  opened();
  if (state_ == State::kOpen && out_.empty()) go_on();
  if (host_.draining()) drain();
}

void Connection::drain() {
  if (state_ == State::kPreamble || state_ == State::kHandshake) return close();
  if (state_ == State::kOpen && out_.empty() && !paused_) drain_open();
}

void Connection::on_ready(uint32_t events) {
  guard([&] { ready(events); });
}

void Connection::ready(uint32_t events) {
  switch (state_) {
    case State::kOpen:
      return ready_while_open(events);
    case State::kPreamble:
      return read_preamble();
    case State::kHandshake:
      return shake_hands();
    case State::kLingering:
      return linger();
    case State::kClosed:
      return;
  }
}

void Connection::ready_while_open(uint32_t events) {
  if (paused_) return ready_while_paused(events);
  if (out_.empty()) return read_input();
  flush();
  if (state_ == State::kOpen && duplex_ && !paused_ && !out_.empty() && (events & ~uint32_t{EPOLLOUT}) != 0) {
    read_input();
  }
}

void Connection::on_timeout() {
  if (state_ == State::kOpen && timeout_ == Timeout::kRead) return read_timed_out();
  if (state_ == State::kOpen && timeout_ == Timeout::kIdle) return idle_timed_out();
  if (timeout_ == Timeout::kHandshake) host_.stats_.handshakes_failed.add();
  time_out();
}

void Connection::time_out() {
  host_.stats_.timeouts.add();
  close();
}

void Connection::read_preamble() {
  for (;;) {
    const Preamble preamble = host_.options_.preamble(peer_, in_.view());
    if (preamble.verdict == Preamble::Verdict::kDone) {
      if (preamble.peer) peer_ = *preamble.peer;
      in_.release();
      return begin_tls();
    }
    const bool wants_more = preamble.verdict == Preamble::Verdict::kNeedMore && preamble.bytes_wanted > in_.size() &&
                            preamble.bytes_wanted <= kPreambleBytesMax;
    if (!wants_more) {
      host_.stats_.handshakes_failed.add();
      host_.tell_turned_away(TurnedAway::kPreambleRefused, peer_, preamble.why);
      return close();
    }
    const size_t missing = preamble.bytes_wanted - in_.size();
    const IoResult result = transport_.receive(in_.room(missing).first(missing));
    if (result.status != IoStatus::kOk) return input_stalled(result.status);
    in_.commit(result.bytes);
  }
}

void Connection::begin_tls() {
  if (!host_.options_.tls) return open();
  state_ = State::kHandshake;
  if (!transport_.start_tls(*host_.options_.tls)) return close();
  if (!armed()) arm(Timeout::kHandshake);
  shake_hands();
}

void Connection::shake_hands() {
  const IoResult result = transport_.handshake();
  if (result.status == IoStatus::kOk) {
    if (std::string subject = transport_.client_subject(); !subject.empty()) {
      client_subject_ = std::make_unique<std::string>(std::move(subject));
    }
    return open();
  }
  if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) {
    host_.stats_.handshakes_failed.add();
    // A peer that disconnects is not an error.
    if (const std::string why = transport_.tls_problem(); !why.empty()) {
      host_.tell_turned_away(TurnedAway::kHandshakeFailed, peer_, why);
    }
  }
  input_stalled(result.status);
}

void Connection::open() {
  state_ = State::kOpen;
  set_interest(EPOLLIN);
  arm(Timeout::kIdle);
  opened();
  if (state_ == State::kOpen && out_.empty() && transport_.has_pending()) read_input();
}

void Connection::input_stalled(IoStatus status) {
  switch (status) {
    case IoStatus::kOk:
    case IoStatus::kWantRead:
      return set_interest(out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
    case IoStatus::kWantWrite:
      return set_interest(EPOLLOUT);
    case IoStatus::kEnd:
    case IoStatus::kFailed:
      return close();
  }
}

void Connection::arm(Timeout timeout) {
  timeout_ = timeout;
  host_.wheel_.arm(*this, host_.ticks(timeout));
}

void Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const IoResult result = transport_.send(bytes);
    if (result.status == IoStatus::kOk) {
      bytes.remove_prefix(result.bytes);
      continue;
    }
    if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) {
      broken_ = true;
      return close();
    }
    out_.append(bytes);
    set_interest(output_interest(result.status));
    return arm(Timeout::kWrite);
  }
  finish();
}

void Connection::write_soon(std::string_view bytes) {
  out_.append(bytes);
  call_soon();
}

void Connection::call_soon() {
  if (!std::exchange(turn_queued_, true)) host_.queue_turn(*this);
}

void Connection::write_behind(std::string_view bytes) {
  if (out_.empty()) return write(bytes);
  if (out_sent_ > out_.size() / 2) {
    out_.consume(out_sent_);
    out_sent_ = 0;
  }
  out_.append(bytes);
}

uint32_t Connection::output_interest(IoStatus status) const {
  const uint32_t reading = duplex_ && !paused_ ? uint32_t{EPOLLIN} : 0;
  return reading | (status == IoStatus::kWantWrite ? EPOLLOUT : EPOLLIN);
}

void Connection::flush() {
  while (out_sent_ < out_.size()) {
    const IoResult result = transport_.send(out_.view().substr(out_sent_));
    if (result.status == IoStatus::kOk) {
      out_sent_ += result.bytes;
      continue;
    }
    if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) return close();
    return set_interest(output_interest(result.status));
  }
  out_.release();
  out_sent_ = 0;
  if (paused_) host_.wheel_.disarm(*this);
  written();
  finish();
  if (state_ == State::kOpen) go_on();
}

void Connection::go_on() {
  output_gone();
  // Then reads what TLS has decrypted already.
  if (state_ == State::kOpen && out_.empty() && !paused_) {
    set_interest(EPOLLIN);
    if (transport_.has_pending()) read_input();
  }
}

void Connection::pause() {
  paused_ = true;
  if (!out_.empty()) return;  // the write timeout keeps running
  timeout_ = Timeout::kIdle;  // replaces the timeout of what has been read
  host_.wheel_.disarm(*this);
}

void Connection::read_again() {
  resume();
  set_interest(out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  if (transport_.has_pending()) read_input();
}

void Connection::yield_turn() {
  pause();
  yielded_ = true;
  call_soon();
}

void Connection::next_turn() {
  turn_queued_ = false;
  if (!std::exchange(yielded_, false)) return guard([this] { end_turn(); });
  guard([this] { take_next_turn(); });
}

void Connection::take_next_turn() {
  resume();
  if (!out_.empty()) return set_interest(EPOLLOUT);  // an answer came meanwhile: it is written first
  go_on();
  if (host_.draining()) drain();  // draining may have begun meanwhile
}

void Connection::end_turn() {
  if (!out_.empty()) {
    flush();
    if (state_ == State::kOpen && !out_.empty()) arm(Timeout::kWrite);
  }
  if (state_ == State::kOpen) called_back();
}

// More input has arrived. It stays in the socket, unwatched; only errors and the end are still reported.
void Connection::ready_while_paused(uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close();
  if ((events & EPOLLRDHUP) != 0 && !std::exchange(peer_finished_, true)) {
    peer_finished();
    if (state_ != State::kOpen || !paused_) return;
  }
  if (out_.empty()) return set_interest(peer_finished_ ? 0 : uint32_t{EPOLLRDHUP});
  if ((events & interest_ & EPOLLOUT) != 0 || interest_ == EPOLLIN) return flush();
  set_interest(EPOLLOUT);
}

// Called when everything is written.
void Connection::finish() {
  if (ending_ == Ending::kClose) return close();
  if (ending_ != Ending::kLinger) return;
  // Bytes that arrive on a closed socket make the peer's kernel throw away the answer it has not read yet (RFC 9112,
  // section 9.6): so end the sending side, and read for a moment.
  transport_.shut_down_sending();
  state_ = State::kLingering;
  in_.release();
  set_interest(EPOLLIN);
  arm(Timeout::kLinger);
  linger_end_ = host_.loop().now() + kLingerMax;
  linger();
}

void Connection::linger() {
  // One read per wake-up: a peer that sends without end costs no more than any other, and only for a while.
  const IoResult result = transport_.receive_plain(host_.scratch());
  if (result.status == IoStatus::kOk && host_.loop().now() < linger_end_) arm(Timeout::kLinger);
  if (result.status == IoStatus::kEnd || result.status == IoStatus::kFailed) close();
}

void Connection::set_interest(uint32_t events) {
  if (interest_ == events) return;
  interest_ = events;
  host_.loop().change(transport_.descriptor(), events, *this);
}

}  // namespace rateguard::net
