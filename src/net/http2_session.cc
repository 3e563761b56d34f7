#include "net/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "net/connection_host.h"

namespace rateguard::net {
namespace {

// Streams at rest: as many as a busy connection has at once.
constexpr size_t kStreamsAtRest = 256;
// A header list this many times over its limit is no oversight but a bomb (HPACK expands a byte to a whole field).
constexpr size_t kBombFactor = 4;
// What a stream that ended well gives back to the budget of control frames.
constexpr int64_t kFramesPerStream = 4;
// The connection's window: enough for a long fat network at a rate limiter's message sizes.
constexpr int32_t kConnectionWindow = 1 << 20;
// What our PINGs carry, to know their answers by.
constexpr std::array<uint8_t, 8> kDrainPing = {'r', 'g', 'd', 'r', 'a', 'i', 'n', 0};
constexpr std::array<uint8_t, 8> kIdlePing = {'r', 'g', 'i', 'd', 'l', 'e', 0, 0};

std::string_view view_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv nv_of(const Header& field) {
  return {.name = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.name.data())),
          .value = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.value.data())),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

// On the stack for as many fields as an answer of ours has.
class NameValues {
 public:
  explicit NameValues(std::span<const Header> fields) {
    if (fields.size() > few_.size()) many_.resize(fields.size());
    nghttp2_nv* const to = data();
    for (const Header& field : fields) to[size_++] = nv_of(field);
  }
  nghttp2_nv* data() { return many_.empty() ? few_.data() : many_.data(); }
  size_t size() const { return size_; }

 private:
  std::array<nghttp2_nv, 16> few_;
  std::vector<nghttp2_nv> many_;
  size_t size_ = 0;
};

}  // namespace

// nghttp2's callbacks: each finds the session and the stream and says what happened.
struct Http2Callbacks {
  static Http2Session& session_of(void* user) { return *static_cast<Http2Session*>(user); }
  static Http2Stream* stream_of(nghttp2_session* session, int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user);
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t flags, void* user);
  static int on_data_chunk(nghttp2_session* session, uint8_t flags, int32_t id, const uint8_t* data, size_t size,
                           void* user);
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_stream_close(nghttp2_session* session, int32_t id, uint32_t error_code, void* user);
  static ssize_t read_content(nghttp2_session* session, int32_t id, uint8_t* into, size_t size, uint32_t* flags,
                              nghttp2_data_source* source, void* user);
};

// Called before the frame's payload, but not for what nghttp2 passes over: frames of unknown types, and of streams that
// are gone.
int Http2Callbacks::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
  Http2Session& session = session_of(user);
  session.greeted_ = true;
  const bool carries =
      frame->type == NGHTTP2_HEADERS || frame->type == NGHTTP2_CONTINUATION || frame->type == NGHTTP2_DATA;
  if (carries) [[likely]]
    return 0;
  const Instant now = session.host_.loop().now();
  if (!session.control_frames_.take(now)) return session.flooded();
  if (frame->type == NGHTTP2_RST_STREAM && !session.resets_.take(now)) return session.flooded();
  return 0;
}

int Http2Callbacks::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Http2Stream* const stream = session_of(user).open_stream(frame->hd.stream_id);
  return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
}

int Http2Callbacks::on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                              size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void* user) {
  Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  return session_of(user).take_field(*stream, view_of(name, name_size), view_of(value, value_size));
}

int Http2Callbacks::on_data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
                                  void* user) {
  Http2Stream* const stream = stream_of(session, id);
  return stream == nullptr ? 0 : session_of(user).take_body(*stream, view_of(data, size));
}

int Http2Callbacks::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  Http2Session& ours = session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS: {
      Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
      if (stream == nullptr) return 0;
      const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      if (frame->hd.type == NGHTTP2_HEADERS && !stream->head_whole) ours.head_complete(*stream);
      // A frame of padding alone, or of nothing.
      const bool empty = frame->hd.type == NGHTTP2_DATA && frame->hd.length <= frame->data.padlen;
      if (empty && !ends && !ours.control_frames_.take(ours.host_.loop().now())) return ours.flooded();
      if (ends) ours.request_complete(*stream);
      return 0;
    }
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) ours.ping_answered(frame->ping.opaque_data);
      return 0;
    default:
      return 0;
  }
}

int Http2Callbacks::on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  Http2Session& ours = session_of(user);
  if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM) {
    count(ours.context_.stats.floods);
    return 0;
  }
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    const bool amiss = frame->rst_stream.error_code != NGHTTP2_NO_ERROR;
    if (amiss && !ours.resets_.take(ours.host_.loop().now())) ours.flooded_ = true;
    return 0;
  }
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) return 0;
  // Answered before the request was whole: the client need not send the rest (RFC 9113, section 8.1).
  const Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
  if (stream == nullptr || stream->request_whole) return 0;
  return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
}

int Http2Callbacks::on_stream_close(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
  if (Http2Stream* const stream = stream_of(session, id)) session_of(user).stream_gone(*stream, error_code);
  return 0;
}

ssize_t Http2Callbacks::read_content(nghttp2_session* session, int32_t id, uint8_t* into, size_t size, uint32_t* flags,
                                     nghttp2_data_source* source, void*) {
  Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
  const size_t taken = stream.take_content({into, size});
  if (stream.has_content()) return static_cast<ssize_t>(taken);
  if (!stream.finished) {
    if (taken != 0) return static_cast<ssize_t>(taken);
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!stream.trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    NameValues fields(stream.trailers.fields());
    if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return static_cast<ssize_t>(taken);
}

Http2SessionContext::Http2SessionContext(Http2Handler& the_handler, const Http2ServerOptions& the_options,
                                         Http2ServerStats& the_stats)
    : handler(the_handler), options(the_options), stats(the_stats) {
  using Calls = Http2Callbacks;
  RG_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Calls::on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Calls::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Calls::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Calls::on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Calls::on_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Calls::on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Calls::on_stream_close);
  RG_CHECK(nghttp2_option_new(&nghttp2_options) == 0);
  nghttp2_option_set_no_closed_streams(nghttp2_options, 1);
  // Resets are counted here, by the loop's clock, and end with ENHANCE_YOUR_CALM.
  nghttp2_option_set_stream_reset_rate_limit(nghttp2_options, UINT64_MAX / 2, 1);
}

Http2SessionContext::~Http2SessionContext() {
  nghttp2_option_del(nghttp2_options);
  nghttp2_session_callbacks_del(callbacks);
}

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

Http2Session::Http2Session(ConnectionHost& host, Http2SessionContext& context, int descriptor, const IpAddress& peer)
    : Connection(host, descriptor, peer),
      context_(context),
      control_frames_(context.options.control_frames),
      resets_(context.options.resets) {}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
  while (streams_ != nullptr) delete std::exchange(streams_, streams_->next);
}

void Http2Session::opened() {
  if (nghttp2_session_server_new2(&session_, context_.callbacks, this, context_.nghttp2_options) != 0) return close();
  const auto limit = [](size_t value) { return static_cast<uint32_t>(std::min<size_t>(value, INT32_MAX)); };
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, context_.options.streams_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limit(context_.options.header_bytes_max)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  arm(Timeout::kHandshake);  // the client's preface is part of it
  pump();
}

void Http2Session::read_input() {
  do {
    const IoResult result = transport_.receive(host_.scratch());
    if (result.status != IoStatus::kOk) return input_stalled(result.status);
    handle_input(host_.scratch().first(result.bytes));
  } while (is_open() && out_.empty() && transport_.has_pending());
}

void Http2Session::handle_input(std::span<const char> input) {
  busy_ = true;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(input.data());
  const ssize_t used = nghttp2_session_mem_recv(session_, bytes, input.size());
  if (std::exchange(batch_, false)) context_.handler.batch_end(host_.loop().now());
  busy_ = false;
  if (used < 0) {
    const bool calm = flooded_ || used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
    end(calm                                   ? NGHTTP2_ENHANCE_YOUR_CALM
        : used == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR
                                               : NGHTTP2_INTERNAL_ERROR);
  }
  pump();
  if (is_open() && out_.empty()) arm_for_input();
}

// Sends all that nghttp2 has to say: in one write, unless it is more than the bound.
void Http2Session::pump() {
  ByteBuffer& out = host_.out();
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
    if (!is_open() || !out_.empty()) return;
  }
  if (flooded_ && nghttp2_session_want_read(session_) != 0) {  // by what was sent: it has not been told so yet
    end(NGHTTP2_ENHANCE_YOUR_CALM);
    return pump();
  }
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    closed();  // whoever waits for a stream's end hears of it now, not after the lingering
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

void Http2Session::output_gone() {
  pump();
  if (is_open() && out_.empty()) arm_for_input();
  if (is_open() && out_.empty() && host_.draining()) begin_drain();
}

void Http2Session::arm_for_input() {
  if (!greeted_) return;  // the handshake's timeout is armed
  if (unfinished_count_ == 0) return arm(Timeout::kIdle);
  if (timeout_ != Timeout::kRead) arm(Timeout::kRead);
}

// Resets what was open a whole timeout ago, and what its answer could not be sent of. Each has at most twice the time.
void Http2Session::read_timed_out() {
  for (const Http2Stream* stream = streams_; stream != nullptr; stream = stream->next) {
    if (stream->delivery == BodyDelivery::kPieces || stream->round == round_) continue;
    count(context_.stats.requests_rejected);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
  }
  ++round_;
  arm(Timeout::kRead);
  pump();
  if (is_open() && out_.empty()) arm_for_input();
}

// With streams open, nobody may have anything to say for long: asks whether the client is still there.
void Http2Session::idle_timed_out() {
  if (stream_count_ == 0 || ping_unanswered_) {
    count(context_.stats.timeouts);
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

// In two steps, so that a request that is on its way is still served (RFC 9113, section 6.8): when the PING is
// answered, the client has heard the first GOAWAY.
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
}

Http2Stream* Http2Session::open_stream(int32_t id) {
  std::unique_ptr<Http2Stream> stream = context_.take_stream();
  stream->begin(*this, id, round_);
  stream->request.peer = peer_;
  stream->request.started = host_.loop().now();
  stream->request.secure = transport_.secure();
  if (client_subject_) stream->request.client_subject = *client_subject_;
  stream->previous = nullptr;
  stream->next = streams_;
  if (streams_ != nullptr) streams_->previous = stream.get();
  streams_ = stream.get();
  ++stream_count_;
  ++unfinished_count_;
  std::atomic<uint64_t>& open = context_.stats.streams_open;
  open.store(open.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return stream.release();
}

int Http2Session::take_field(Http2Stream& stream, std::string_view name, std::string_view value) {
  if (stream.head_whole) return 0;  // trailers: nothing here needs them
  stream.head_bytes += name.size() + value.size() + FieldList::kPerField;
  if (stream.head_bytes > kBombFactor * context_.options.header_bytes_max) return flooded();
  if (stream.head_bytes <= context_.options.header_bytes_max) stream.add_request_field(name, value);
  return 0;
}

void Http2Session::head_complete(Http2Stream& stream) {
  stream.head_is_whole();
  if (stream.head_bytes > context_.options.header_bytes_max) {
    return refuse(stream, {.status = 431, .detail = "the header fields are too large", .field = "header"});
  }
  stream.delivery = context_.handler.delivery(stream.request);
  if (stream.delivery == BodyDelivery::kWhole) return;
  --unfinished_count_;
  hand_over(stream);
}

int Http2Session::take_body(Http2Stream& stream, std::string_view bytes) {
  if (stream.refused || stream.finished) return 0;
  if (stream.delivery == BodyDelivery::kPieces) {
    context_.handler.data(bytes, stream);
    return 0;
  }
  if (stream.request_body.size() + bytes.size() > context_.options.body_bytes_max) {
    refuse(stream, {.status = 413, .detail = "the body is too large", .field = "body"});
    return 0;
  }
  if (body_bytes_ + bytes.size() > context_.options.waiting_body_bytes_max) {
    return nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_ENHANCE_YOUR_CALM);
  }
  stream.request_body.append(bytes);
  body_bytes_ += bytes.size();
  return 0;
}

void Http2Session::request_complete(Http2Stream& stream) {
  stream.request_whole = true;
  if (stream.refused || stream.finished) return;
  if (stream.delivery == BodyDelivery::kPieces) return context_.handler.data_end(stream);
  body_bytes_ -= stream.request_body.size();
  stream.request.body = stream.request_body.view();
  hand_over(stream);
}

void Http2Session::hand_over(Http2Stream& stream) {
  stream.handed_over = true;
  batch_ = true;
  count(context_.stats.requests_handled);
  context_.handler.handle(stream.request, host_.loop().now(), stream);
}

void Http2Session::refuse(Http2Stream& stream, const HttpRejection& rejection) {
  stream.refused = true;
  body_bytes_ -= stream.request_body.size();
  stream.request_body.release();
  count(context_.stats.requests_rejected);
  context_.handler.reject(rejection, host_.loop().now(), stream);
  if (!stream.finished) stream.finish();
}

void Http2Session::send_answer(Http2Stream& stream) {
  if (!is_open()) return;
  if (!stream.submitted) {
    stream.submitted = true;
    if (stream.answer_head.empty()) stream.status(500);
    const bool head_alone = stream.finished && !stream.has_content();
    // Trailers without content are fields of the one block there is.
    if (head_alone) stream.merge_trailers();
    NameValues fields(stream.answer_head.fields());
    nghttp2_data_provider content{.source = {.ptr = &stream}, .read_callback = Http2Callbacks::read_content};
    const auto* const provider = head_alone ? nullptr : &content;
    if (nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), provider) != 0) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_INTERNAL_ERROR);
    }
  } else if (std::exchange(stream.deferred, false)) {
    nghttp2_session_resume_data(session_, stream.id);
  }
  if (!busy_ && out_.empty()) pump();
}

void Http2Session::stream_gone(Http2Stream& stream, uint32_t error_code) {
  if (stream.previous != nullptr) stream.previous->next = stream.next;
  if (stream.next != nullptr) stream.next->previous = stream.previous;
  if (streams_ == &stream) streams_ = stream.next;
  --stream_count_;
  if (stream.delivery == BodyDelivery::kWhole) {
    --unfinished_count_;
    if (!stream.request_whole && !stream.refused) body_bytes_ -= stream.request_body.size();
  }
  std::atomic<uint64_t>& open = context_.stats.streams_open;
  open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  if (error_code == NGHTTP2_NO_ERROR) {
    resets_.give_back(1);
    control_frames_.give_back(kFramesPerStream);
  } else {
    count(context_.stats.streams_reset);
  }
  if (stream.handed_over && !stream.finished) context_.handler.stream_closed(stream);
  stream.finished = true;
  context_.give_stream(std::unique_ptr<Http2Stream>(&stream));
}

}  // namespace rateguard::net
