// One HTTP/1.1 connection: requests in, answers out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "http/http1/parser.h"
#include "http/http1/response.h"
#include "http/http_exchange.h"
#include "http/server_options.h"
#include "net/connection.h"
#include "net/turn_budget.h"

namespace rateguard::http {

// Shared by the sessions of one server.
struct HttpSessionContext {
  HttpSessionContext(HttpHandler& its_handler, const HttpServerOptions& its_options, HttpServerStats& its_stats);

  HttpHandler& handler;
  const HttpServerOptions& options;
  HttpServerStats& stats;
  const bool answers_later;      // the handler does
  const size_t batch_bytes_max;  // of answers that are sent together; what may be exceeded by one
  DateField date = {};
  std::vector<std::unique_ptr<Http1Parser>> parsers = {};  // at rest; a session has one while a request is incomplete

  std::unique_ptr<Http1Parser> take_parser();
  void give_parser(std::unique_ptr<Http1Parser> parser);
};

class Http1Exchange;

class HttpSession final : public net::Connection {
 public:
  HttpSession(net::ConnectionHost& host, HttpSessionContext& context, int descriptor, const IpAddress& peer);
  ~HttpSession() override;

  // For its exchange:
  Now now() const { return host_.loop().now(); }
  DateField date();  // at now()
  bool draining() const { return host_.draining(); }
  // Sends the answer to the request that was handed over, and goes on.
  void answered(std::string_view bytes, AfterResponse after);
  // There will be none.
  void abandoned() { close(); }

 private:
  enum class Batch : uint8_t {
    kAllHandled,
    kOutputFull,
    kTurnOver,  // others come first
    kForLater,  // a request is whole that the handler answers later
  };

  void read_input() override;
  void output_gone() override;
  void read_timed_out() override;
  void drain_open() override;
  void closed() override;

  void handle_input(std::span<char> input);
  Batch answer_requests(std::span<char>& rest, net::TurnBudget& turn);
  HttpRequest request(std::span<char> bytes);
  void answer(std::span<char> bytes, AfterResponse after);
  bool answer_without_body(std::span<char> bytes);
  void hand_over(std::span<char> input, std::span<char> rest);
  void reject(const HttpRejection& rejection, AfterResponse after);
  AfterResponse after_response() const;
  void keep(std::span<char> input, std::span<char> rest);
  void settle_budget();
  void give_back_budget();
  uint64_t held() const;  // of in_, as the budget counts it
  void arm_for_input();

  HttpSessionContext& context_;
  std::unique_ptr<Http1Parser> parser_;  // while a request is incomplete
  Http1Exchange* late_ = nullptr;        // handed over, and not answered yet
  uint64_t skip_bytes_ = 0;              // of a refused body, still to be read past
  bool hands_over_ = false;              // the handler is being given an exchange
  uint64_t budgeted_ = 0;                // of in_, taken from the budget of all connections
  bool continue_sent_ = false;
  bool body_asked_about_ = false;   // the handler was asked whether it wants it
  bool request_completed_ = false;  // in the input being handled
};

}  // namespace rateguard::http
