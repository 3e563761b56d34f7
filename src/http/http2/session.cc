// The connection: what arrives goes into nghttp2, and what nghttp2 has to send goes out; session_streams.cc has the
// streams.
//
// nghttp2 must not be called from its own callbacks except to submit frames: busy_ is set during its calls, and answers
// given meanwhile are sent by the pump() that follows. streams_ lists every live stream; a stream is removed and
// returned to the context in stream_gone(), when nghttp2 says that it is closed or when the connection ends. A stream
// that was handed over is its handler's exchange until then. drained_ and asked_late_ hold streams whose handlers are
// to be told once nghttp2 has returned; a stream that ends before is replaced by null there. While out_ is not empty
// nothing is read.
#include "http/http2/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/http2/callbacks.h"
#include "http/rejections.h"
#include "net/connection_host.h"
#include "net/turn_budget.h"

namespace rateguard::http {
namespace {

// Unused streams to keep: as many as a busy connection has at once.
constexpr size_t kStreamsAtRest = 256;
// The connection's window: enough for a long fat network at a rate limiter's message sizes. It is no bound on what
// streams hold, see settle_connection_window().
constexpr int32_t kConnectionWindow = 1 << 20;
// How much nghttp2 is given at a time, so that a turn can end in between: some fifty small requests.
constexpr size_t kSliceBytes = 4 * 1'024;
// The payload of our PINGs, to recognise their answers.
constexpr std::array<uint8_t, 8> kDrainPing = {'r', 'g', 'd', 'r', 'a', 'i', 'n', 0};
constexpr std::array<uint8_t, 8> kIdlePing = {'r', 'g', 'i', 'd', 'l', 'e', 0, 0};

}  // namespace

std::unique_ptr<Http2Stream> Http2SessionContext::take_stream() {
  if (streams_at_rest.empty()) return std::make_unique<Http2Stream>();
  std::unique_ptr<Http2Stream> stream = std::move(streams_at_rest.back());
  streams_at_rest.pop_back();
  return stream;
}

void Http2SessionContext::give_stream(std::unique_ptr<Http2Stream> stream) {
  if (streams_at_rest.size() >= kStreamsAtRest) return;
  stream->shrink();
  streams_at_rest.push_back(std::move(stream));
}

Http2Session::Http2Session(net::ConnectionHost& host, Http2SessionContext& context, int descriptor,
                           const IpAddress& peer)
    : net::Connection(host, descriptor, peer),
      context_(context),
      bodies_(context.options.bodies.get(), context.options.http2.waiting_body_bytes_max),
      pieces_(context.options.bodies.get()),
      control_frames_(context.options.http2.control_frames),
      resets_(context.options.http2.resets) {}

Http2Session::Http2Session(net::ConnectionHost& host, Http2SessionContext& context, net::Connection&& from)
    : Connection(host, std::move(from)),
      context_(context),
      bodies_(context.options.bodies.get(), context.options.http2.waiting_body_bytes_max),
      pieces_(context.options.bodies.get()),
      control_frames_(context.options.http2.control_frames),
      resets_(context.options.http2.resets) {}

Http2Session::~Http2Session() {
  closed();
  nghttp2_session_del(session_);
}

void Http2Session::opened() {
  if (nghttp2_session_server_new2(&session_, context_.callbacks, this, context_.nghttp2_options) != 0) return close();
  const auto limit = [](size_t value) { return static_cast<uint32_t>(std::min<size_t>(value, INT32_MAX)); };
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, context_.options.http2.streams_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limit(context_.options.limits.header_bytes_max)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  arm(Timeout::kHandshake);  // the client's preface is part of it
  pump();
}

void Http2Session::read_input() {
  do {
    const net::IoResult result = transport_.receive(host_.scratch());
    if (result.status != net::IoStatus::kOk) return input_stalled(result.status);
    handle_input(host_.scratch().first(result.bytes));
    // What is kept in in_ is handled in the next turn, before what TLS has decrypted behind it.
  } while (is_open() && out_.empty() && in_.empty() && transport_.has_pending());
}

// `input` is all of in_, or was received just now while in_ was empty.
void Http2Session::handle_input(std::span<const char> input) {
  busy_ = true;
  net::TurnBudget turn(host_);
  size_t handled = 0;
  ssize_t used = 0;
  do {
    const std::span<const char> slice = input.subspan(handled, std::min(kSliceBytes, input.size() - handled));
    used = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(slice.data()), slice.size());
    handled += slice.size();
  } while (used >= 0 && handled < input.size() && !turn.used_up());
  busy_ = false;
  if (used < 0) {
    const bool calm = flooded_ || used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
    end(calm                                   ? NGHTTP2_ENHANCE_YOUR_CALM
        : used == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR
                                               : NGHTTP2_INTERNAL_ERROR);
  }
  used >= 0 ? keep(input, handled) : in_.release();
  pump();
  if (!is_open() || !out_.empty()) return;
  if (!in_.empty() && ending_ == Ending::kNone) return yield_turn();
  arm_for_input();
}

// Makes in_ hold what is left of `input`.
void Http2Session::keep(std::span<const char> input, size_t handled) {
  if (!in_.empty()) return handled == in_.size() ? in_.release() : in_.consume(handled);
  if (handled < input.size()) in_.append({input.data() + handled, input.size() - handled});
}

// Sends all of nghttp2's output, and what handlers write as soon as there is room for it.
void Http2Session::pump() {
  net::TurnBudget turn(host_);
  for (;;) {
    settle_connection_window();
    send_frames();
    if (!is_open() || drained_.empty() || !out_.empty()) return;
    if (turn.used_up()) return paused() ? void() : yield_turn();
    busy_ = true;
    tell_drained();
    busy_ = false;
  }
}

// Sends the frames in one write, unless they exceed the bound.
void Http2Session::send_frames() {
  net::ByteBuffer& out = host_.out();
  ssize_t more = 1;
  while (more > 0) {
    out.clear();
    busy_ = true;
    while (out.size() < context_.options.output_bytes_max) {
      const uint8_t* bytes = nullptr;
      more = nghttp2_session_mem_send(session_, &bytes);
      if (more <= 0) break;
      out.append(view_of(bytes, static_cast<size_t>(more)));
    }
    busy_ = false;
    if (more < 0) return close();
    if (out.empty()) break;
    write(out.view());
    if (out_.empty() && !broken_) written();
    if (!is_open() || !out_.empty()) return;
  }
  if (flooded_ && nghttp2_session_want_read(session_) != 0) {  // flooded by what was sent: nghttp2 does not know yet
    end(NGHTTP2_ENHANCE_YOUR_CALM);
    return send_frames();
  }
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    closed();  // handlers are told of their streams' end now, not after the lingering
    ending_ = Ending::kLinger;
    write({});
  }
}

void Http2Session::end(uint32_t error_code) {
  nghttp2_session_terminate_session(session_, error_code);
}

int Http2Session::flooded() {
  flooded_ = true;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

void Http2Session::written() {
  unsent_.tell(context_.handler, host_.loop().clock());
}

void Http2Session::output_gone() {
  busy_ = true;
  give_early_bodies();  // asked for while the turn was others'
  busy_ = false;
  if (!in_.empty()) {
    handle_input(in_.bytes());
  } else {
    pump();
    if (is_open() && out_.empty()) arm_for_input();
  }
  if (is_open() && out_.empty() && host_.draining()) begin_drain();
}

void Http2Session::called_back() {
  busy_ = true;
  give_early_bodies();
  busy_ = false;
  if (!out_.empty()) return;  // waiting output goes first
  pump();
  if (is_open() && out_.empty()) arm_for_input();
}

void Http2Session::arm_for_input() {
  if (!greeted_) return;  // the handshake's timeout is armed
  if (unfinished_count_ == 0) return arm(Timeout::kIdle);
  if (timeout_ != Timeout::kRead) arm(Timeout::kRead);
}

// Says no to requests that began a whole timeout ago and are not whole, and resets streams whose answer could not be
// sent since, whose head is not whole, or whose rest was waited for after the answer. Each has at most twice the time,
// in which the handler's own does not count.
void Http2Session::read_timed_out() {
  for (Http2Stream* stream = streams_; stream != nullptr; stream = stream->next) {
    if (stream->handed_over && !stream->finished) {  // the handler's time; then the reader's begins
      stream->round = round_ + 1;
      continue;
    }
    if (!has_read_time(*stream) || stream->round == round_) continue;
    if (stream->head_whole && !stream->refused && !stream->finished) {
      stream->round = round_ + 1;
      refuse(*stream, request_too_slow());
      continue;
    }
    if (!stream->head_whole) context_.stats.requests_rejected.add();
    const uint32_t code = stream->lingers ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream->id, code);
  }
  ++round_;
  arm(Timeout::kRead);
  pump();
  if (is_open() && out_.empty()) arm_for_input();
}

// With streams open, both sides may be silent for long: asks whether the client is still there.
void Http2Session::idle_timed_out() {
  if (stream_count_ == 0 || ping_unanswered_) {
    context_.stats.timeouts.add();
    end(NGHTTP2_NO_ERROR);
    return pump();
  }
  ping_unanswered_ = true;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kIdlePing.data());
  arm(Timeout::kIdle);
  pump();
}

void Http2Session::drain_open() {
  begin_drain();
}

// In two steps, so that a request on its way is still served (RFC 9113, section 6.8): when the PING is answered, the
// client has received the first GOAWAY.
void Http2Session::begin_drain() {
  if (std::exchange(drain_begun_, true)) return;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kDrainPing.data());
  pump();
}

void Http2Session::ping_answered(std::span<const uint8_t> data) {
  ping_unanswered_ = false;
  if (!drain_begun_ || !std::ranges::equal(data, kDrainPing)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Session::closed() {
  while (streams_ != nullptr) stream_gone(*streams_, NGHTTP2_CANCEL);
  pieces_.shrink_to(0);
}

}  // namespace rateguard::http
