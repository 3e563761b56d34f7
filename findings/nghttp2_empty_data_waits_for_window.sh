#!/usr/bin/env bash
# nghttp2 1.52.0 (Debian 12, libnghttp2-dev 1.52.0-1+deb12u3): the end of an empty body waits for the connection's window.
#
# Flow control counts the bytes of DATA frames, and an empty frame with END_STREAM may be sent while no window is left (RFC 9113,
# section 6.9.1). One would expect a request whose body turns out empty to be complete at once. While the connection's window is
# 0, nghttp2 does not even ask the data provider of another stream whether it has bytes; the frame goes out when one byte of
# window has come. So a request without a body that was begun with a provider stands behind uploads that nobody consumes.
#
# Seen:
#   HEADERS on stream 1
#   DATA of 65535 bytes on stream 1, in 4 frames
#   connection window: 0
#   HEADERS on stream 3
#   WINDOW_UPDATE of 1 byte received
#   DATA of 0 bytes on stream 3, END_STREAM
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libnghttp2-dev=1.52.0-1+deb12u3 libnghttp2-14=1.52.0-1+deb12u3 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
cat >program.c <<'PROGRAM'
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

static size_t left = 70000, bytes = 0, frames = 0;

static ssize_t upload(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
                      nghttp2_data_source *source, void *user) {
  (void)session, (void)stream, (void)source, (void)user;
  const size_t size = room < left ? room : left;
  memset(into, 'x', size);
  left -= size;
  if (left == 0) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)size;
}

static ssize_t nothing(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
                       nghttp2_data_source *source, void *user) {
  (void)session, (void)stream, (void)into, (void)room, (void)source, (void)user;
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return 0;
}

static int sent(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)session, (void)user;
  if (frame->hd.type == NGHTTP2_HEADERS) printf("HEADERS on stream %d\n", frame->hd.stream_id);
  if (frame->hd.type != NGHTTP2_DATA) return 0;
  if (frame->hd.stream_id == 1) {
    bytes += frame->hd.length;
    ++frames;
  } else {
    printf("DATA of %zu bytes on stream %d%s\n", frame->hd.length, frame->hd.stream_id,
           frame->hd.flags & NGHTTP2_FLAG_END_STREAM ? ", END_STREAM" : "");
  }
  return 0;
}

static void post(nghttp2_session *session, nghttp2_data_source_read_callback body) {
  const char *fields[][2] = {{":method", "POST"}, {":scheme", "http"}, {":authority", "test"}, {":path", "/"}};
  nghttp2_nv head[4];
  for (int i = 0; i < 4; ++i) {
    head[i] = (nghttp2_nv){(uint8_t *)fields[i][0], (uint8_t *)fields[i][1], strlen(fields[i][0]), strlen(fields[i][1]), 0};
  }
  const nghttp2_data_provider provider = {.read_callback = body};
  nghttp2_submit_request(session, NULL, head, 4, &provider, NULL);
  const uint8_t *out;
  while (nghttp2_session_mem_send(session, &out) > 0) {
  }
}

int main(void) {
  nghttp2_session_callbacks *callbacks;
  nghttp2_session *session;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, sent);
  nghttp2_session_client_new(&session, callbacks, NULL);
  nghttp2_submit_settings(session, 0, NULL, 0);
  post(session, upload);
  printf("DATA of %zu bytes on stream 1, in %zu frames\n", bytes, frames);
  printf("connection window: %d\n", nghttp2_session_get_remote_window_size(session));
  post(session, nothing);
  const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
  const uint8_t window[13] = {0, 0, 4, NGHTTP2_WINDOW_UPDATE, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  nghttp2_session_mem_recv(session, settings, sizeof settings);
  nghttp2_session_mem_recv(session, window, sizeof window);
  printf("WINDOW_UPDATE of 1 byte received\n");
  const uint8_t *out;
  while (nghttp2_session_mem_send(session, &out) > 0) {
  }
  nghttp2_session_del(session);
  nghttp2_session_callbacks_del(callbacks);
  return 0;
}
PROGRAM
library=$(find "$PWD/root" -name 'libnghttp2.so.14' -printf '%h')
gcc -std=c11 -D_DEFAULT_SOURCE -Iroot/usr/include program.c "$library/libnghttp2.so.14" -o program
LD_LIBRARY_PATH=$library ./program | tee seen
diff - seen <<'SEEN'
HEADERS on stream 1
DATA of 65535 bytes on stream 1, in 4 frames
connection window: 0
HEADERS on stream 3
WINDOW_UPDATE of 1 byte received
DATA of 0 bytes on stream 3, END_STREAM
SEEN
