// One HTTP/1.1 connection: requests in, answers out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "http/body_budget.h"
#include "http/exchange.h"
#include "http/http1/exchange.h"
#include "http/http1/parser.h"
#include "http/http1/response.h"
#include "http/sent_answers.h"
#include "http/server_options.h"
#include "net/connection.h"
#include "net/turn_budget.h"

namespace rateguard::http {

// Shared by the sessions of one server.
struct Http1SessionContext {
  Http1SessionContext(Handler& its_handler, const ServerOptions& its_options, ServerStats& its_stats);

  Handler& handler;
  const ServerOptions& options;
  ServerStats& stats;
  const bool streams;  // Handler::streams()
  // Makes the session that continues a connection whose client speaks HTTP/2; empty: only HTTP/1.1 is spoken.
  std::function<std::unique_ptr<net::Connection>(net::Connection& from)> make_http2 = {};
  DateField date = {};
  std::vector<std::unique_ptr<Http1Parser>> parsers = {};      // unused; a session has one during a request
  std::vector<std::unique_ptr<Http1Exchange>> exchanges = {};  // unused ones, for requests that are answered at once
  SentAnswers answered = {};                                   // those whose bytes are in the loop's output

  std::unique_ptr<Http1Parser> take_parser();
  void give_parser(std::unique_ptr<Http1Parser> parser);
  std::unique_ptr<Http1Exchange> take_exchange();
};

// While an exchange is kept the session is paused, except for what receive() asks for and for output.
class Http1Session final : public net::Connection {
 public:
  Http1Session(net::ConnectionHost& host, Http1SessionContext& context, int descriptor, const IpAddress& peer);
  ~Http1Session() override;

  // For its exchange:
  Now now() const { return host_.loop().now(); }
  DateField date();  // at now()
  bool draining() const { return host_.draining(); }
  size_t waiting() const { return waiting_bytes(); }
  // Copies the received bytes out of the loop's buffers; from here on the next requests wait.
  void exchange_kept(Http1Exchange& exchange);
  // Sends a part of the answer, soon.
  void send(std::string_view bytes);
  // Sends the rest of the answer, and continues with the next request.
  void answered(Http1Exchange& exchange, std::string_view bytes);
  // The handler gave the exchange up: the answer stays incomplete.
  void abandoned();
  void receive_body();
  void body_consumed(size_t bytes);
  // What follows on the connection is not HTTP.
  void upgrade();

 private:
  enum class Batch : uint8_t {
    kAllHandled,
    kOutputFull,
    kTurnOver,  // other connections come first
    kKept,      // the handler has kept an exchange, answered or not; in_ holds what follows its request
  };
  // How the body of a request that was handed over incomplete is delivered.
  enum class BodyState : uint8_t {
    kNone,     // part of the request, or there is none
    kUnasked,  // before receive() is called
    kFlowing,
    kOver,
  };

  void opened() override;
  void read_input() override;
  void written() override;
  void output_gone() override;
  void called_back() override { feed_body(); }
  void read_timed_out() override;
  void drain_open() override;
  void peer_finished() override;
  void closed() override;

  void handle_input(std::span<char> input);
  bool is_http2_preface(std::span<const char> received);
  Batch answer_requests(net::TurnBudget& turn);
  Request request(std::span<char> bytes, BodyState body);
  // Gives the request in the first `size` bytes of rest_ to the handler.
  Batch hand_over(size_t size, AfterResponse after, BodyState body);
  Batch skip_body();
  // `bytes` are what there is of the request.
  void reject(Rejection rejection, AfterResponse after, std::span<char> bytes);
  AfterResponse after_response() const;
  void request_is_over();
  void tell_sent();
  void keep_rest();
  void settle_budget();
  void arm_for_input();

  // session_body.cc
  void read_body();
  void feed_body();
  bool give_piece();
  void adjust_reading();
  void leave_body();
  void go_on_after_answer();

  Http1SessionContext& context_;
  std::unique_ptr<Http1Parser> parser_;  // while a request is incomplete
  Http1Exchange* late_ = nullptr;        // kept, and not answered yet
  std::span<char> input_;                // being handled: all of in_, or received just now while in_ was empty
  std::span<char> rest_;                 // of it, what is not handled yet
  size_t handed_bytes_ = 0;              // of rest_, the request that the handler is being given
  uint64_t skip_bytes_ = 0;              // of a refused body, still to be read past
  Instant head_whole_at_ = {};           // when the head was complete, if its body came later; {}: none
  SentAnswers unsent_;                   // whose bytes wait in out_
  BodyAccount kept_input_;               // in_, as all connections together are bounded
  size_t body_held_ = 0;                 // given to the handler and not consumed
  BodyState body_ = BodyState::kNone;
  bool raw_ = false;           // upgraded: what arrives is not HTTP
  bool may_be_http2_ = false;  // only a part of HTTP/2's preface has arrived
  bool hands_over_ = false;    // the handler is being given an exchange
  bool feeding_ = false;       // the handler is being given pieces
  bool was_kept_ = false;      // the exchange that the handler is being given was
  bool continue_sent_ = false;
  bool body_asked_about_ = false;   // the handler was asked how it wants the body
  bool request_completed_ = false;  // one was, in the input being handled
};

}  // namespace rateguard::http
