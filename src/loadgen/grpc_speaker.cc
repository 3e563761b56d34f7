#include "loadgen/grpc_speaker.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/check.h"

namespace rateguard::loadgen {
namespace {

constexpr std::string_view kPath = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";
constexpr size_t kFrameBytes = 5;                // before a gRPC message: a flag and its length
constexpr int32_t kWindowBytes = 1 << 30;        // answers are small: never wait for the window
constexpr size_t kAnswerBytesMax = 1024 * 1024;  // how much of one is kept

// The statuses of grpc/status.h, by number.
constexpr std::array<std::string_view, 17> kStatusNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::string status_name(const std::string& number) {
  for (size_t i = 0; i < kStatusNames.size(); ++i) {
    if (number == std::to_string(i)) return fmt::format("gRPC {}", kStatusNames[i]);
  }
  return number.empty() ? "gRPC without a status" : "gRPC " + number.substr(0, 8);
}

// Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding).
void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
void append_bytes(std::string& out, int field, std::string_view bytes) {
  append_varint(out, static_cast<uint64_t>(field) << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}
bool take_varint(std::string_view& in, uint64_t& out) {
  out = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    out |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  // nghttp2 reads both, and copies them before it returns.
  const auto bytes = [](std::string_view text) { return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())); };
  return {.name = bytes(name),
          .value = bytes(value),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

uint64_t overall_code(std::string_view framed) {
  if (framed.size() < kFrameBytes) return 0;
  std::string_view in = framed.substr(kFrameBytes);
  uint64_t tag = 0;
  while (take_varint(in, tag)) {
    uint64_t value = 0;
    if ((tag & 7) == 0) {
      if (!take_varint(in, value)) return 0;
      if (tag >> 3 == 1) return value;
    } else if ((tag & 7) == 2) {
      if (!take_varint(in, value) || value > in.size()) return 0;
      in.remove_prefix(value);
    } else {
      return 0;  // the response has no fields of other types
    }
  }
  return 0;
}

struct GrpcSpeaker::Callbacks {
  static GrpcSpeaker& self(void* data) { return *static_cast<GrpcSpeaker*>(data); }
  static Stream* stream_of(void* data, int32_t id) {
    const auto found = self(data).streams_.find(id);
    return found == self(data).streams_.end() ? nullptr : &found->second;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* data) {
    Stream* const stream = stream_of(data, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") stream->status = text;
    if (key == "grpc-status") stream->grpc_status = text;
    if (key == "grpc-message") stream->grpc_message = text;
    return 0;
  }
  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* data) {
    Stream* const stream = stream_of(data, id);
    if (stream == nullptr || stream->answer.size() + size > kAnswerBytesMax) return 0;
    stream->answer.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    if (frame->hd.type == NGHTTP2_GOAWAY) self(data).going_away_ = true;
    return 0;
  }
  static int on_close(nghttp2_session*, int32_t id, uint32_t error_code, void* data) {
    self(data).finish(id, error_code);
    return 0;
  }
  static ssize_t read_request(nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t* flags,
                              nghttp2_data_source* source, void*) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    const size_t count = std::min(size, stream.request.size());
    std::memcpy(out, stream.request.data(), count);
    stream.request.erase(0, count);
    if (stream.request.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
};

GrpcSpeaker::GrpcSpeaker(const Plan& plan)
    : domain_(plan.domain),
      descriptor_(plan.descriptor),
      authority_(fmt::format("{}:{}", plan.target.host, plan.target.port)),
      authorization_(plan.token.empty() ? "" : "Bearer " + plan.token) {
  nghttp2_session_callbacks* callbacks = nullptr;
  RG_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  RG_CHECK(nghttp2_session_client_new(&session_, callbacks, this) == 0);
  nghttp2_session_callbacks_del(callbacks);
}

GrpcSpeaker::~GrpcSpeaker() {
  nghttp2_session_del(session_);
}

void GrpcSpeaker::open(std::string& out) {
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindowBytes);
  drain(out);
}

void GrpcSpeaker::ask(const Question& question, Ticket ticket, std::string& out) {
  std::string entry;
  append_bytes(entry, 1, descriptor_);
  append_bytes(entry, 2, question.key);
  std::string descriptor;
  append_bytes(descriptor, 1, entry);
  std::string message;
  append_bytes(message, 1, domain_);
  append_bytes(message, 2, descriptor);
  append_varint(message, 3 << 3);
  append_varint(message, question.cost);
  std::string framed(1, '\0');  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) framed.push_back(static_cast<char>(message.size() >> shift & 0xFF));
  framed += message;

  // Streams of a client have odd numbers, in order (RFC 9113, section 5.1.1); known ahead, since the stream reads its
  // data from this object.
  const auto id = static_cast<int32_t>(nghttp2_session_get_next_stream_id(session_));
  Stream& stream = streams_[id];
  stream.ticket = ticket;
  stream.request = std::move(framed);
  std::vector<nghttp2_nv> fields = {field(":method", "POST"),
                                    field(":scheme", "http"),
                                    field(":path", kPath),
                                    field(":authority", authority_),
                                    field("content-type", "application/grpc"),
                                    field("te", "trailers")};
  if (!authorization_.empty()) fields.push_back(field("authorization", authorization_));
  nghttp2_data_provider body = {.source = {.ptr = &stream}, .read_callback = Callbacks::read_request};
  // If it cannot be sent any more, the connection and everything under way will end.
  nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, nullptr);
  drain(out);
}

std::expected<void, std::string> GrpcSpeaker::hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                                   std::string& out) {
  answers_ = &answers;
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  drain(out);
  answers_ = nullptr;
  // After an error of the peer's the session sends GOAWAY and wants nothing more.
  const bool is_over = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (taken < 0 || (is_over && !may_end())) return std::unexpected(std::string("malformed HTTP/2"));
  return {};
}

namespace {

// Decodes grpc-message, where bytes other than printable ASCII are %XX.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

void GrpcSpeaker::finish(int32_t id, uint32_t error_code) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const Stream stream = std::move(found->second);
  streams_.erase(found);
  if (answers_ == nullptr) return;  // the session is being torn down
  QuestionResult& answer = answers_->emplace_back();
  answer.ticket = stream.ticket;
  const uint64_t code = overall_code(stream.answer);
  if (error_code != 0) {
    answer.error = "HTTP/2 stream reset";
  } else if (stream.status != "200") {
    answer.error = "HTTP " + stream.status;
  } else if (stream.grpc_status != "0") {
    answer.error = status_name(stream.grpc_status);
    answer.detail = one_line(percent_decoded(stream.grpc_message));
  } else if (code != 1 && code != 2) {
    answer.error = "no decision in the response";
  }
  if (code == 2) answer.kind = QuestionResult::Kind::kRefused;
  if (!answer.error.empty()) answer.kind = QuestionResult::Kind::kError;
}

void GrpcSpeaker::drain(std::string& out) {
  for (;;) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

}  // namespace rateguard::loadgen
