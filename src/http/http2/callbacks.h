// What nghttp2 calls while it reads and writes a session's frames.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

#include "http/http2/name_values.h"

namespace rateguard::http {

class Http2Session;
class Http2Stream;

// Each callback finds the session and the stream and tells them what happened. `user` is the session.
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

}  // namespace rateguard::http
