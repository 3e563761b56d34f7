// Responses as bytes (RFC 9112, section 4): status line, fields, framing, body.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/date_field.h"
#include "http/exchange.h"
#include "model/instant.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

// What happens to the connection after a response, as its Connection field says.
enum class AfterResponse : uint8_t {
  kKeep,           // HTTP/1.1's default: no field
  kKeepAnnounced,  // an HTTP/1.0 client asked for keep-alive
  kClose,
};

// Whether the answer's content is sent, or only described (RFC 9110, section 9.3.2).
enum class Content : uint8_t { kSent, kDescribed };

// Appends one response to a buffer. finish() adds what the handler leaves out: a handler that gives no status has
// answered 500.
class Http1Response final : public Responder {
 public:
  struct Options {
    std::string_view date;  // a line, as DateField gives it
    AfterResponse after = AfterResponse::kKeep;
    Content content = Content::kSent;
    Version version = Version::k11;
  };

  Http1Response() = default;
  Http1Response(net::ByteBuffer& out, const Options& options) { begin(out, options); }

  // Begins a new response.
  void begin(net::ByteBuffer& out, const Options& options);
  AfterResponse after() const { return options_.after; }

  void status(int code) override;
  // Control bytes in a value become spaces, so that no caller's text can start a new line. REQUIRES: `name` is a
  // token.
  void header(std::string_view name, std::string_view value) override;
  void body(std::string_view content_type, std::string_view bytes) override;

  // Content in pieces: in chunks, by the length that the handler said, or to the end of the connection (HTTP/1.0).
  void write(std::string_view bytes);
  void trailer(std::string_view name, std::string_view value);
  // Ends the head, if it has not ended yet. REQUIRES: status().
  void begin_content();
  void finish();
  // A complete interim response, or 101. REQUIRES: the response has not begun.
  void interim(int code, std::span<const Header> headers, std::string_view upgrade_to = {});

  int code() const { return code_; }
  // Whether the content was as long as the handler had announced. REQUIRES: finish().
  bool is_whole() const { return framing_ != Framing::kLength || length_left_ == 0; }

 private:
  enum class Stage : uint8_t { kStatus, kFields, kContent, kTrailers, kDone };
  enum class Framing : uint8_t { kChunks, kLength, kUntilClose, kNone };

  void status_line(int code);
  void end_head();
  void field(std::string_view name, std::string_view value);
  bool may_have_content() const { return code_ != 204 && code_ != 304; }  // RFC 9110, section 6.4.1

  net::ByteBuffer* out_ = nullptr;
  Options options_;
  Stage stage_ = Stage::kStatus;
  Framing framing_ = Framing::kChunks;
  int code_ = 0;
  uint64_t length_left_ = 0;
};

}  // namespace rateguard::http
