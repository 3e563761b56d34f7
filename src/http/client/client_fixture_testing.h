// For tests of the client: a client on a loop, the events of its calls, and servers to send requests to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/client/client.h"
#include "net/clock.h"
#include "net/listening_socket_testing.h"
#include "net/run_until_testing.h"

namespace rateguard::http {

// A call and all its events, as text.
struct HeardCall final : CallEvents {
  void informed(Call&, const AnswerHead& head) override { interim += std::to_string(head.status) + " "; }
  void answered(Call&, const AnswerHead& head) override {
    status = head.status;
    version = head.version;
    for (const Header& field : head.headers) {
      headers += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    if (on_answered) on_answered();
  }
  void body_arrived(Call& the_call, std::string_view bytes) override {
    body_bytes += bytes.size();
    if (body.size() < 100'000) body += bytes;
    held += bytes.size();
    held_max = std::max(held_max, held);
    if (holds) return;
    held = 0;
    the_call.consume(bytes.size());
  }
  void body_ended(Call&, std::span<const Header> fields) override {
    for (const Header& field : fields) trailers += std::string(field.name) + ": " + std::string(field.value) + "\n";
    ++ended;
    if (on_over) on_over();
  }
  void drained(Call&) override {
    ++times_drained;
    if (on_drained) on_drained();
  }
  void failed(Call&, CallEnd how, const Error& why) override {
    ++failures;
    end = how;
    error = why;
    if (on_over) on_over();
  }
  bool is_over() const { return ended + failures > 0; }
  // Takes what was held back.
  void consume_all() {
    holds = false;
    call->consume(std::exchange(held, 0));
  }

  std::unique_ptr<Call> call;
  int status = 0;
  Version version = Version::k11;
  std::string interim;
  std::string headers;
  std::string body;
  size_t body_bytes = 0;
  size_t held = 0;
  size_t held_max = 0;
  std::string trailers;
  int ended = 0;
  int failures = 0;
  int times_drained = 0;
  bool holds = false;
  std::optional<CallEnd> end;
  Error error;
  std::function<void()> on_answered;
  std::function<void()> on_drained;
  std::function<void()> on_over;
};

class ClientFixture : public testing::Test {
 protected:
  bool until(const std::function<bool()>& holds) { return net::run_until(*loop_, holds); }
  void wait(Duration span) { net::run_for(*loop_, span); }
  static std::shared_ptr<const Origin> origin(uint16_t port, Protocols protocols = Protocols::kHttp1) {
    return std::make_shared<const Origin>(
        Origin{.target = {.host = "127.0.0.1", .port = port}, .protocols = protocols});
  }
  void start(HeardCall& heard, const std::shared_ptr<const Origin>& to, const CallRequest& request,
             const CallTimeouts& timeouts = {}) {
    heard.call = client().call(to, request, heard, timeouts);
  }
  // Starts it and waits for its end.
  void ask(HeardCall& heard, const std::shared_ptr<const Origin>& to, const CallRequest& request,
           const CallTimeouts& timeouts = {}) {
    start(heard, to, request, timeouts);
    EXPECT_TRUE(until([&] { return heard.is_over(); })) << "no end";
    EXPECT_EQ(heard.ended + heard.failures, 1);
  }
  Client& client() {
    if (!client_) client_.emplace(*loop_, limits_);
    return *client_;
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  ClientLimits limits_;
  std::optional<Client> client_;
};

}  // namespace rateguard::http
