// One stream of an HTTP/2 connection: the request as it arrives and the answer as it goes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http/http2_exchange.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

class Http2Session;

// Fields in one buffer, so that a list of them costs no allocation once it has been used.
class FieldList {
 public:
  void add(std::string_view name, std::string_view value);
  void clear();
  bool empty() const { return places_.empty(); }
  // Valid until the next change.
  std::span<const Header> fields();

  static constexpr size_t kPerField = 32;  // what RFC 9113, section 6.5.2 counts beside the text

 private:
  struct Place {
    uint32_t name_size;
    uint32_t value_size;
  };
  net::ByteBuffer text_;
  std::vector<Place> places_;
  std::vector<Header> fields_;
};

// Filled and emptied by its session, answered by the handler; used again for later streams.
class Http2Stream final : public Http2Responder {
 public:
  // For the session.
  void begin(Http2Session& session, int32_t stream_id, uint32_t now_round);
  void add_request_field(std::string_view name, std::string_view value);
  // Makes the request readable. REQUIRES: no more fields come.
  void head_is_whole();
  // Moves the trailers behind the head: an answer without content has one block of fields.
  void merge_trailers();
  // Gives back what an uncommonly large request or answer needed.
  void shrink();

  void status(int code) override;
  void header(std::string_view name, std::string_view value) override;
  void body(std::string_view bytes) override;
  void trailer(std::string_view name, std::string_view value) override;
  void send() override;
  void finish() override;
  size_t waiting_bytes() const override { return content_.size() - content_sent_; }

  // The answer's content that waits. Gives how much fits `into`.
  size_t take_content(std::span<uint8_t> into);
  bool has_content() const { return content_sent_ < content_.size(); }

  int32_t id = 0;
  uint32_t round = 0;  // of the session's read timeouts, in which it was opened
  Http2Stream* previous = nullptr;
  Http2Stream* next = nullptr;
  Http2Request request;
  net::ByteBuffer request_body;
  FieldList answer_head;  // ":status" first
  FieldList trailers;
  BodyDelivery delivery = BodyDelivery::kWhole;
  size_t head_bytes = 0;  // as RFC 9113, section 6.5.2 counts them
  bool head_whole = false;
  bool request_whole = false;
  bool refused = false;  // answered before it was whole: what still comes is dropped
  bool handed_over = false;
  bool submitted = false;  // nghttp2 has the answer's head
  bool finished = false;   // by the handler
  bool deferred = false;   // nghttp2 waits for more content

 private:
  Http2Session* session_ = nullptr;
  FieldList request_fields_;
  net::ByteBuffer content_;
  size_t content_sent_ = 0;
};

}  // namespace rateguard::http
