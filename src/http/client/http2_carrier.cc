// An event may destroy any call: the user data of a stream whose call is gone is null.
#include "http/client/http2_carrier.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "http/client/client_connection.h"
#include "http/http2/name_values.h"
#include "http/trailer_fields.h"

namespace rateguard::http {
namespace {

// The connection's window. Arriving bytes are given back to it at once and count against the stream's window only, so
// that a call whose answer is not consumed holds up no other.
constexpr int32_t kConnectionWindow = 1 << 20;
// Bound on frames that wait for the socket. More are made when there is room.
constexpr size_t kOutputMax = 256 * 1'024;

constexpr std::string_view kScheme[] = {"http", "https"};

}  // namespace

// What nghttp2 calls. `user` is the carrier, a stream's user data its call.
struct Http2CarrierCallbacks {
  static Http2Carrier& carrier_of(void* user) { return *static_cast<Http2Carrier*>(user); }
  static Call* call_of(nghttp2_session* session, int32_t id) {
    return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* user) {
    if (Call* const call = call_of(session, frame->hd.stream_id)) {
      carrier_of(user).take_field(*call, view_of(name, name_size), view_of(value, value_size));
    }
    return 0;
  }
  // By default nghttp2 would ignore the field.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t, const uint8_t*, size_t,
                               uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int on_data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
                           void* user) {
    nghttp2_session_consume_connection(session, size);
    if (Call* const call = call_of(session, id)) carrier_of(user).take_piece(*call, view_of(data, size));
    return 0;
  }
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Http2Carrier& carrier = carrier_of(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) carrier.connection_.retire();
    if (frame->hd.type == NGHTTP2_SETTINGS) carrier.connection_.released();  // the server may allow more streams
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (Call* const call = call_of(session, frame->hd.stream_id)) carrier.take_head(*call);
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (Call* const call = call_of(session, frame->hd.stream_id)) carrier.complete(*call);
    return 0;
  }
  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Call* const call = call_of(session, frame->hd.stream_id)) call->head_sent_ = true;
    return 0;
  }
  static int on_stream_close(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
    if (Call* const call = call_of(session, id)) carrier_of(user).lost(*call, error_code);
    return 0;
  }
  static ssize_t read_content(nghttp2_session* session, int32_t id, uint8_t* into, size_t size, uint32_t* flags,
                              nghttp2_data_source*, void* user);

  static nghttp2_session_callbacks* all() {
    static nghttp2_session_callbacks* const callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      RG_CHECK(nghttp2_session_callbacks_new(&made) == 0);
      nghttp2_session_callbacks_set_on_header_callback(made, on_header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(made, on_invalid_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data_chunk);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
      return made;
    }();
    return callbacks;
  }
};

ssize_t Http2CarrierCallbacks::read_content(nghttp2_session* session, int32_t id, uint8_t* into, size_t size,
                                            uint32_t* flags, nghttp2_data_source*, void* user) {
  Call* const call = call_of(session, id);
  if (call == nullptr) return NGHTTP2_ERR_DEFERRED;  // its reset is on its way
  const size_t taken = call->may_send_content() ? carrier_of(user).read_content(*call, {into, size}) : 0;
  const bool more = call->content_sent_ < call->content_.size();
  if (taken == 0 && (more || !call->finished_)) {
    call->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (more || !call->finished_) return static_cast<ssize_t>(taken);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!call->trailers_.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    NameValues fields(call->trailers_.fields());
    if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return static_cast<ssize_t>(taken);
}

Http2Carrier::Http2Carrier(ClientConnection& connection) : Carrier(connection) {
  nghttp2_option* options = nullptr;
  RG_CHECK(nghttp2_option_new(&options) == 0);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  RG_CHECK(nghttp2_session_client_new2(&session_, Http2CarrierCallbacks::all(), this, options) == 0);
  nghttp2_option_del(options);
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(Call::kWindow)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, connection.client().limits_.answer.header_bytes_max},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  connection.call_soon();
}

Http2Carrier::~Http2Carrier() {
  nghttp2_session_del(session_);
}

size_t Http2Carrier::room() const {
  if (failed_ || nghttp2_session_check_request_allowed(session_) == 0) return 0;
  const size_t allowed =
      std::min(connection_.client().limits_.streams_max,
               nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
  return allowed - std::min(allowed, calls_.size());
}

void Http2Carrier::begin(Call& call) {
  call.heard_at_begin_ = reads_;
  call.index_ = static_cast<uint32_t>(calls_.size());
  calls_.push_back(&call);
  submit(call);
}

void Http2Carrier::submit(Call& call) {
  std::vector<Header> fields = {{":method", call.method_},
                                {":scheme", kScheme[connection_.stream().is_secure() ? 1 : 0]},
                                {":authority", call.authority_},
                                {":path", call.target_}};
  const std::span<const Header> others = call.fields_.fields();
  fields.insert(fields.end(), others.begin(), others.end());
  NameValues values(fields);
  const nghttp2_data_provider content{.source = {}, .read_callback = Http2CarrierCallbacks::read_content};
  const bool has_content = call.content_kind_ == RequestContent::kStreamed;
  const int32_t id =
      nghttp2_submit_request(session_, nullptr, values.data(), values.size(), has_content ? &content : nullptr, &call);
  call.stream_id_ = id;
  if (id >= 0) return;
  call.fail_soon(
      CallEnd::kOurs,
      connection_.named({.code = ErrorCode::kExhausted, .message = nghttp2_strerror(id), .retry = Retry::kAlways}));
}

void Http2Carrier::content_changed(Call& call) {
  if (call.deferred_ && call.may_send_content()) {
    call.deferred_ = false;
    nghttp2_session_resume_data(session_, call.stream_id_);
  }
  connection_.call_soon();
}

uint64_t Http2Carrier::sent_bytes() const {
  return connection_.stream().sent_bytes();
}

// Nothing has come since it was asked, for no call: others had better be asked elsewhere.
void Http2Carrier::call_is_late(Call& call) {
  if (call.heard_at_begin_ == reads_) connection_.retire();
}

void Http2Carrier::consumed(Call& call, size_t bytes) {
  nghttp2_session_consume_stream(session_, call.stream_id_, bytes);
  connection_.call_soon();
}

void Http2Carrier::let_go(Call& call) {
  nghttp2_session_set_stream_user_data(session_, call.stream_id_, nullptr);
  call.carrier_ = nullptr;
  calls_[call.index_] = calls_.back();
  calls_[call.index_]->index_ = call.index_;
  calls_.pop_back();
  std::ranges::replace(sent_, &call, nullptr);
}

void Http2Carrier::reset(Call& call, uint32_t error_code) {
  if (call.stream_id_ >= 0) nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_id_, error_code);
  let_go(call);
  connection_.call_soon();
}

void Http2Carrier::cancel(Call& call) {
  reset(call, NGHTTP2_CANCEL);
  connection_.released();
}

void Http2Carrier::abandon() {
  while (!calls_.empty()) {
    Call& call = *calls_.back();
    let_go(call);
    call.leave();
  }
}

size_t Http2Carrier::read_content(Call& call, std::span<uint8_t> into) {
  const size_t taken = std::min(into.size(), call.content_.size() - call.content_sent_);
  if (taken == 0) return 0;
  call.content_begun_ = true;
  std::memcpy(into.data(), call.content_.bytes().data() + call.content_sent_, taken);
  call.content_sent_ += taken;
  if (call.content_sent_ == call.content_.size()) {
    call.content_.clear();
    call.content_sent_ = 0;
    if (call.content_.capacity() > Call::kWindow) call.content_.release();
  }
  if (sent_.empty() || sent_.back() != &call) sent_.push_back(&call);
  return taken;
}

void Http2Carrier::turn() {
  if (failed_) return;
  send_frames();
  tell_sent();
  if (connection_.stream().is_closed()) return;
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    // Either GOAWAY has arrived and no call is under way, or nghttp2 has sent one: the server broke the protocol.
    calls_.empty() ? connection_.close() : broken("it breaks the rules of the protocol");
  }
}

void Http2Carrier::send_frames() {
  net::Stream& stream = connection_.stream();
  net::ByteBuffer& out = connection_.client().out_;
  while (stream.waiting_bytes() < kOutputMax) {
    out.clear();
    ssize_t more = 1;
    while (out.size() < kOutputMax) {
      const uint8_t* bytes = nullptr;
      more = nghttp2_session_mem_send(session_, &bytes);
      if (more <= 0) break;
      out.append(view_of(bytes, static_cast<size_t>(more)));
    }
    if (more < 0) return broken(nghttp2_strerror(static_cast<int>(more)));
    if (out.empty()) return;
    stream.write(out.view());
  }
}

void Http2Carrier::tell_sent() {
  for (size_t i = 0; i < sent_.size(); ++i) {
    if (Call* const call = std::exchange(sent_[i], nullptr)) call->tell_sent();
  }
  sent_.clear();
}

void Http2Carrier::input(std::span<char> bytes) {
  ++reads_;
  const ssize_t used = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) return broken(nghttp2_strerror(static_cast<int>(used)));
  turn();
}

void Http2Carrier::take_field(Call& call, std::string_view name, std::string_view value) {
  call.answer_bytes_ += name.size() + value.size() + FieldList::kPerField;
  if (call.answer_bytes_ > connection_.client().limits_.answer.header_bytes_max) {
    return refuse(call, "its header fields are too large");
  }
  if (call.phase_ == Call::Phase::kAnswered) {
    const TrailerUse use = trailer_use(name);
    if (use == TrailerUse::kRefused) return refuse(call, "a field that says how it is framed comes after its content");
    if (use == TrailerUse::kDropped) return;
  }
  call.answer_.add_valid(name, value);
}

// A whole block of fields: an interim head, the head, or trailers.
void Http2Carrier::take_head(Call& call) {
  call.answer_bytes_ = 0;
  if (call.phase_ == Call::Phase::kAnswered) return;  // trailers: complete() gives them
  std::span<const Header> fields = call.answer_.fields();
  AnswerHead head{.status = 0, .headers = {}, .version = Version::k2};
  if (!fields.empty() && fields.front().name == ":status") {
    const std::string_view digits = fields.front().value;
    std::from_chars(digits.data(), digits.data() + digits.size(), head.status);
    head.headers = fields.subspan(1);
  }
  if (head.status < 100 || head.status > 599 || head.status == 101) return refuse(call, "its answer has no status");
  // The call may be destroyed, and its list with it.
  FieldList list = std::exchange(call.answer_, {});
  if (head.status >= 200) return call.tell_answered(head);
  if (!call.take_interim(head)) return refuse(call, "it sends interim answers without end");
  call.events_.informed(call, head);
}

void Http2Carrier::take_piece(Call& call, std::string_view bytes) {
  call.tell_piece(bytes);
}

// The server does not wait for the rest of the request.
void Http2Carrier::complete(Call& call) {
  FieldList trailers = std::exchange(call.answer_, {});
  call.finished_&& call.waiting_bytes() == 0 ? let_go(call) : reset(call, NGHTTP2_NO_ERROR);
  call.end(trailers.fields());
  connection_.released();
}

void Http2Carrier::lost(Call& call, uint32_t error_code) {
  const bool nothing_done = error_code == NGHTTP2_REFUSED_STREAM || !call.head_sent_;
  const bool is_malformed = error_code == NGHTTP2_PROTOCOL_ERROR;
  let_go(call);
  connection_.lose(call, is_malformed ? CallEnd::kMalformed : CallEnd::kBroken,
                   {.code = is_malformed ? ErrorCode::kCorrupt : ErrorCode::kUnavailable,
                    .message = fmt::format("the stream was reset with {}", nghttp2_http2_strerror(error_code)),
                    .source = ErrorSource::kPeer,
                    .retry = nothing_done ? Retry::kAlways : Retry::kIfIdempotent});
  connection_.released();
}

// The server's answer to this call cannot be passed on.
void Http2Carrier::refuse(Call& call, std::string_view why) {
  reset(call, NGHTTP2_PROTOCOL_ERROR);
  call.fail(CallEnd::kMalformed, connection_.named({.code = ErrorCode::kCorrupt,
                                                    .message = std::string(why),
                                                    .source = ErrorSource::kPeer,
                                                    .retry = Retry::kIfIdempotent}));
  connection_.released();
}

// Nothing from the server can be understood any more.
void Http2Carrier::broken(std::string_view why) {
  if (std::exchange(failed_, true)) return;
  connection_.close();
  closed(net::StreamEnd::kBroken, {.code = ErrorCode::kCorrupt,
                                   .message = fmt::format("what it says is not HTTP/2: {}", why),
                                   .source = ErrorSource::kPeer});
}

void Http2Carrier::closed(net::StreamEnd, const Error& error) {
  failed_ = true;
  while (!calls_.empty()) {
    Call& call = *calls_.back();
    Error why = error;
    if (call.phase_ == Call::Phase::kAnswered) why.message += " in the middle of its answer";
    why.retry = call.head_sent_ ? Retry::kIfIdempotent : Retry::kAlways;
    let_go(call);
    connection_.lose(call, error.code == ErrorCode::kCorrupt ? CallEnd::kMalformed : CallEnd::kBroken, std::move(why));
  }
}

}  // namespace rateguard::http
