#include "http/http2/callbacks.h"

#include <utility>

#include "base/check.h"
#include "http/http2/session.h"
#include "net/connection_host.h"

namespace rateguard::http {
namespace {

// A DATA frame of this size pays for a frame that carries nothing. Clients widen a stream's window each time half of it
// is used up, which is 32 KiB at the least that they begin with, and the connection's as often.
constexpr size_t kEarningBytes = 4'096;

// As many CONTINUATION frames as the largest head takes that is answered (Http2Session::kHeadFactor), in frames of the
// size that clients send unless they are asked for another (RFC 9113, section 6.5.2), and some for clients whose frames
// are smaller.
size_t continuations_max(size_t header_bytes_max) {
  constexpr size_t kFrameBytes = 16'384;
  constexpr size_t kSpare = 8;  // nghttp2's own bound
  return kSpare + Http2Session::kHeadFactor * header_bytes_max / kFrameBytes;
}

}  // namespace

// Called before the frame's payload, but not for frames that nghttp2 ignores: those of unknown types, and of streams
// that have ended.
int Http2Callbacks::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
  Http2Session& session = session_of(user);
  session.greeted_ = true;
  const bool carries =
      frame->type == NGHTTP2_HEADERS || frame->type == NGHTTP2_CONTINUATION || frame->type == NGHTTP2_DATA;
  if (carries) [[likely]]
    return 0;
  // nghttp2 ignores every PRIORITY (SETTINGS_NO_RFC7540_PRIORITIES); on stream 0 it is an error nevertheless (RFC 9113,
  // section 6.3).
  if (frame->type == NGHTTP2_PRIORITY && frame->stream_id == 0) {
    session.end(NGHTTP2_PROTOCOL_ERROR);
    return 0;
  }
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
      const bool awaits_head = !stream->head_whole || stream->head_is_cut;
      if (frame->hd.type == NGHTTP2_HEADERS && awaits_head) ours.head_complete(*stream, ends);
      // An empty frame, or one of padding only.
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
    ours.context_.stats.floods.add();
    return 0;
  }
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    const bool amiss = frame->rst_stream.error_code != NGHTTP2_NO_ERROR;
    if (amiss && !ours.resets_.take(ours.host_.loop().now())) ours.flooded_ = true;
    return 0;
  }
  // A long answer takes many WINDOW_UPDATE frames. Who lets it out by a few bytes at a time earns none.
  if (frame->hd.type == NGHTTP2_DATA && frame->hd.length >= kEarningBytes) ours.control_frames_.give_back(1);
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) return 0;
  Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  ours.unsent_.add(*stream);
  if (!stream->request_whole) ours.linger(*stream);
  return 0;
}

int Http2Callbacks::on_stream_close(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
  if (Http2Stream* const stream = stream_of(session, id)) session_of(user).stream_gone(*stream, error_code);
  return 0;
}

ssize_t Http2Callbacks::read_content(nghttp2_session* session, int32_t id, uint8_t* into, size_t size, uint32_t* flags,
                                     nghttp2_data_source* source, void* user) {
  Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
  const size_t taken = stream.take_content({into, size});
  session_of(user).count_held(stream);
  if (stream.has_content()) return static_cast<ssize_t>(taken);
  if (std::exchange(stream.had_to_wait, false)) session_of(user).drained_.push_back(&stream);
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

Http2SessionContext::Http2SessionContext(Handler& the_handler, const ServerOptions& the_options, ServerStats& the_stats)
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
  nghttp2_option_set_no_auto_window_update(nghttp2_options, 1);
  nghttp2_option_set_no_closed_streams(nghttp2_options, 1);
  // Resets are counted here, by the loop's clock, and end with ENHANCE_YOUR_CALM.
  nghttp2_option_set_stream_reset_rate_limit(nghttp2_options, UINT64_MAX / 2, 1);
  nghttp2_option_set_max_continuations(nghttp2_options, continuations_max(options.limits.header_bytes_max));
}

Http2SessionContext::~Http2SessionContext() {
  nghttp2_option_del(nghttp2_options);
  nghttp2_session_callbacks_del(callbacks);
}

}  // namespace rateguard::http
