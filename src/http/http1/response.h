// Responses as bytes (RFC 9112, section 4): status line, fields, framing, body.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http/http_exchange.h"
#include "model/instant.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110, section 5.6.7), rendered once a second.
class DateField {
 public:
  // REQUIRES: 0 <= now < year 10000.
  std::string_view at(Instant now);

 private:
  static constexpr size_t kSize = 37;
  std::array<char, kSize> text_{};
  int64_t second_ = -1;
};

// What becomes of the connection after a response, as its Connection field says.
enum class AfterResponse : uint8_t {
  kKeep,           // HTTP/1.1's default: no field
  kKeepAnnounced,  // an HTTP/1.0 client asked for keep-alive
  kClose,
};

// Whether the answer's content is sent, or only described (RFC 9110, section 9.3.2).
enum class Content : uint8_t { kSent, kDescribed };

// Appends one response to `out`. What the handler leaves undone, finish() does: a handler that says nothing at all has
// answered 500.
class Http1Response final : public HttpResponder {
 public:
  struct Options {
    std::string_view date;  // a line, as DateField gives it
    AfterResponse after = AfterResponse::kKeep;
    Content content = Content::kSent;
  };

  Http1Response(net::ByteBuffer& out, const Options& options) : out_(out), options_(options) {}

  void status(int code) override;
  // Control bytes in a value become spaces, so that nothing that a caller sent can start a line of its own.
  // REQUIRES: `name` is a token.
  void header(std::string_view name, std::string_view value) override;
  void body(std::string_view content_type, std::string_view bytes) override;
  void finish();
  int code() const { return code_; }

 private:
  enum class Stage : uint8_t { kStatus, kFields, kDone };

  void end_head();

  net::ByteBuffer& out_;
  Options options_;
  Stage stage_ = Stage::kStatus;
  int code_ = 0;
};

// "Not Found"; empty for a code that has no registered phrase.
std::string_view reason_phrase(int code);

}  // namespace rateguard::http
