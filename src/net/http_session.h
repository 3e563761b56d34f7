// One HTTP/1.1 connection: requests in, answers out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/connection.h"
#include "net/http1_parser.h"
#include "net/http1_response.h"
#include "net/server.h"

namespace rateguard::net {

// Shared by the sessions of one server.
struct HttpSessionContext {
  HttpHandler& handler;
  const HttpServerOptions& options;
  HttpServerStats& stats;
  DateField date = {};
  std::vector<std::unique_ptr<Http1Parser>> parsers = {};  // at rest; a session has one while a request is incomplete

  std::unique_ptr<Http1Parser> take_parser();
  void give_parser(std::unique_ptr<Http1Parser> parser);
};

class HttpSession final : public Connection {
 public:
  HttpSession(ConnectionHost& host, HttpSessionContext& context, int descriptor, const IpAddress& peer);

 private:
  enum class Batch : uint8_t { kAllHandled, kOutputFull };

  void read_input() override;
  void output_gone() override;
  void read_timed_out() override;
  void drain_open() override;
  void closed() override;

  void handle_input(std::span<char> input);
  Batch answer_requests(std::span<char>& rest);
  void answer(std::span<char> bytes);
  void reject(const HttpRejection& rejection, AfterResponse after);
  AfterResponse after_response() const;
  void keep(std::span<char> input, std::span<char> rest);
  void arm_for_input();

  HttpSessionContext& context_;
  std::unique_ptr<Http1Parser> parser_;  // while a request is incomplete
  uint64_t skip_bytes_ = 0;              // of a refused body, still to be read past
  bool continue_sent_ = false;
  bool request_completed_ = false;  // in the input being handled
};

}  // namespace rateguard::net
