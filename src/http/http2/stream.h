// One stream of an HTTP/2 connection: the incoming request and the outgoing answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/http2/field_list.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

class Http2Session;

// Filled and emptied by its session, answered by the handler; used again for later streams. A stream that the handler
// keeps may outlive its session.
class Http2Stream final : public Exchange {
 public:
  // For the session.
  void begin(Http2Session& session, int32_t stream_id, uint32_t now_round);
  void add_request_field(std::string_view name, std::string_view value);
  // Makes the request readable. REQUIRES: no more fields come.
  void head_is_whole();
  // Of the request; what does not belong there is dropped.
  void add_request_trailer(std::string_view name, std::string_view value);
  std::span<const Header> request_trailers() { return request_trailers_.fields(); }
  // Moves the trailers behind the head: an answer without content has one block of fields.
  void merge_trailers();
  // Frees the memory that an unusually large request or answer needed.
  void shrink();
  // The stream has ended; further output is dropped. A handler that waits is told.
  void forget_session();
  // Called when the session will not use it again. False: the handler still has it, and frees it.
  bool is_free();
  // REQUIRES: handed_over, and the handler gave events.
  ExchangeEvents& events() { return *events_; }
  bool has_events() const { return events_ != nullptr && kept_ && !finished; }

  const Request& request() const override { return head; }
  void status(int code) override;
  void header(std::string_view name, std::string_view value) override;
  void body(std::string_view content_type, std::string_view bytes) override;
  KeptExchange keep(ExchangeEvents* events) override;
  void finish() override;
  void receive() override;
  void consume(size_t bytes) override;
  void inform(int code, std::span<const Header> headers) override;
  void write(std::string_view bytes) override;
  void trailer(std::string_view name, std::string_view value) override;
  void flush() override;
  size_t waiting_bytes() const override { return content_.size() - content_sent_; }
  bool upgrade(std::string_view, std::span<const Header>) override { return false; }

  // Copies waiting content of the answer into `into`; returns how much.
  size_t take_content(std::span<uint8_t> into);
  bool has_content() const { return content_sent_ < content_.size(); }

  int32_t id = 0;
  uint32_t round = 0;  // the session's round of read timeouts in which it was opened
  Http2Stream* previous = nullptr;
  Http2Stream* next = nullptr;
  Request head;
  net::ByteBuffer request_body;  // kWhole: what has arrived; kPieces: what arrived before receive()
  FieldList answer_head;         // ":status" first
  FieldList trailers;
  BodyDelivery delivery = BodyDelivery::kWhole;
  size_t head_bytes = 0;     // as RFC 9113, section 6.5.2 counts them
  size_t field_count = 0;    // without the pseudo-header fields and Host
  size_t trailer_bytes = 0;  // of the request, counted as head_bytes
  size_t trailer_count = 0;
  size_t held = 0;       // of its head and its answer, as its session has counted it
  size_t body_held = 0;  // kPieces: arrived and not consumed
  bool head_whole = false;
  bool head_is_cut = false;  // refused before it had arrived whole: what still comes of it is only counted
  bool has_cookie = false;
  bool target_too_long = false;
  bool request_whole = false;
  bool refused = false;  // answered while incomplete: the rest is dropped
  bool handed_over = false;
  bool was_kept = false;     // by the handler, at any time
  bool receiving = false;    // the handler takes pieces
  bool end_told = false;     // body_ended() was called
  bool submitted = false;    // nghttp2 has the answer's head
  bool finished = false;     // by the handler
  bool lingers = false;      // answered: the rest of the request is read and dropped
  bool deferred = false;     // nghttp2 waits for more content
  bool had_to_wait = false;  // some of the output; the handler is told when it was sent

 private:
  void let_go() override;

  Http2Session* session_ = nullptr;
  bool in_session_ = false;
  bool kept_ = false;
  ExchangeEvents* events_ = nullptr;
  FieldList request_fields_;
  FieldList request_trailers_;
  std::string client_subject_;
  net::ByteBuffer content_;
  size_t content_sent_ = 0;
  int code_ = 0;
  bool no_content_ = false;  // because of its status or HEAD
};

}  // namespace rateguard::http
