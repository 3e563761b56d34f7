// One HTTP/2 connection (RFC 9113), the server's side, on nghttp2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "http/body_budget.h"
#include "http/date_field.h"
#include "http/exchange.h"
#include "http/flood_budget.h"
#include "http/http2/stream.h"
#include "http/sent_answers.h"
#include "http/server_options.h"
#include "net/connection.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;
struct nghttp2_option;

namespace rateguard::http {

// Shared by the sessions of one server.
struct Http2SessionContext {
  Http2SessionContext(Handler& handler, const ServerOptions& options, ServerStats& stats);
  ~Http2SessionContext();
  Http2SessionContext(const Http2SessionContext&) = delete;
  Http2SessionContext& operator=(const Http2SessionContext&) = delete;

  std::unique_ptr<Http2Stream> take_stream();
  void give_stream(std::unique_ptr<Http2Stream> stream);

  Handler& handler;
  const ServerOptions& options;
  ServerStats& stats;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* nghttp2_options = nullptr;
  DateField date = {};
  std::vector<std::unique_ptr<Http2Stream>> streams_at_rest = {};
};

class Http2Session final : public net::Connection {
 public:
  // A head up to this many times as large as may be is answered, and the connection lives. Beyond that it is not an
  // oversight but a bomb (HPACK expands a byte to a whole field).
  static constexpr size_t kHeadFactor = 64;

  Http2Session(net::ConnectionHost& host, Http2SessionContext& context, int descriptor, const IpAddress& peer);
  // Continues a connection whose client has turned out to speak HTTP/2.
  Http2Session(net::ConnectionHost& host, Http2SessionContext& context, net::Connection&& from);
  ~Http2Session() override;

  // For its streams: the stream has something new to send.
  void send_answer(Http2Stream& stream);
  void send_interim(Http2Stream& stream, int code, std::span<const Header> headers);
  // The handler takes pieces of the body from here on.
  void receive_body(Http2Stream& stream);
  // As many more bytes may come.
  void body_consumed(Http2Stream& stream, size_t bytes);
  // The handler gave the stream up without answering.
  void abandon(Http2Stream& stream);
  bool says_date() const { return context_.options.date == DateHeader::kSent; }
  std::string_view date() { return context_.date.value_at(host_.loop().now().wall()); }

 private:
  friend struct Http2Callbacks;  // what nghttp2 calls

  void opened() override;
  void read_input() override;
  void written() override;
  void output_gone() override;
  void called_back() override;
  void read_timed_out() override;
  void idle_timed_out() override;
  void drain_open() override;
  void closed() override;

  void handle_input(std::span<const char> input);
  void pump();
  void send_frames();
  void end(uint32_t error_code);
  void keep(std::span<const char> input, size_t handled);
  void arm_for_input();
  void begin_drain();

  // What arrives.
  Http2Stream* open_stream(int32_t id);
  int take_field(Http2Stream& stream, std::string_view name, std::string_view value);
  int take_trailer(Http2Stream& stream, std::string_view name, std::string_view value);
  void head_complete(Http2Stream& stream, bool request_whole);
  // What is wrong with it, if anything.
  std::optional<Rejection> check_size(const Http2Stream& stream) const;
  void cut_head(Http2Stream& stream, Rejection rejection);
  static std::optional<Rejection> check_head(const Request& head);
  std::optional<Rejection> check_length(const Request& head) const;
  static bool expects_continue(const Request& head);
  std::optional<Rejection> check_trailers(Http2Stream& stream) const;
  bool accept_trailers(Http2Stream& stream);
  // Resets a request that its handler has.
  void cut_off(Http2Stream& stream, uint32_t error_code);
  bool holds_too_much(Http2Stream& stream);
  void count_held(Http2Stream& stream);
  void request_complete(Http2Stream& stream);
  void body_is_over(const Http2Stream& stream);
  int take_body(Http2Stream& stream, std::string_view bytes);
  void refuse(Http2Stream& stream, Rejection rejection);
  void drop(Http2Stream& stream, uint32_t error_code);
  void give_up_request(Http2Stream& stream);
  void linger(Http2Stream& stream);
  // Whether nobody reads what comes of the request's body.
  static bool is_unwanted(const Http2Stream& stream) {
    return stream.refused || stream.finished || stream.delivery == BodyDelivery::kNone;
  }
  // Whether the stream has to be finished within the read timeout.
  static bool has_read_time(const Http2Stream& stream) {
    return stream.delivery != BodyDelivery::kPieces || stream.lingers;
  }
  void stream_gone(Http2Stream& stream, uint32_t error_code);
  void hand_over(Http2Stream& stream);
  void settle_connection_window();
  void tell_drained();
  void give_early_bodies();
  void tell_body_ended(Http2Stream& stream);
  int flooded();
  void ping_answered(std::span<const uint8_t> data);

  Http2SessionContext& context_;
  nghttp2_session* session_ = nullptr;
  Http2Stream* streams_ = nullptr;  // all live ones
  size_t stream_count_ = 0;
  size_t unfinished_count_ = 0;  // of them, those that have to be done within the read timeout
  BodyAccount bodies_;           // of requests that are not whole
  BodyAccount pieces_;           // of those whose handlers stream them
  size_t pieces_held_ = 0;       // arrived of those and not consumed
  size_t window_owed_ = 0;       // arrived of those and not given back to the connection's window
  size_t held_bytes_ = 0;        // of all streams' heads and answers
  FloodBudget control_frames_;
  FloodBudget resets_;
  SentAnswers unsent_;                    // those whose last frame waits in the loop's output or in out_
  std::vector<Http2Stream*> drained_;     // those whose handlers are to be told; null: ended since
  std::vector<Http2Stream*> asked_late_;  // those whose body was asked for after it began to arrive; null: ended since
  uint32_t round_ = 0;                    // of read timeouts
  bool busy_ = false;                     // in a call of nghttp2's, or before one: answers go out after it
  bool flooded_ = false;
  bool greeted_ = false;  // the client's preface has arrived
  bool drain_begun_ = false;
  bool ping_unanswered_ = false;
};

}  // namespace rateguard::http
