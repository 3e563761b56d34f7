// The admin API on an event loop, over sockets.
#include "server/admin/admin_api.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/server/server.h"
#include "net/byte_client_testing.h"
#include "net/loop_thread_testing.h"
#include "server/admin/admin_harness_testing.h"

namespace rateguard::admin {
namespace {

class WholeAnswerClient : public net::ByteClient {
 public:
  using net::ByteClient::ByteClient;
  // Everything until the connection ends.
  std::string read_to_end() {
    while (receive()) {
    }
    return unread_;
  }
};

class AdminApiTest : public testing::Test {
 protected:
  AdminApiTest() {
    const auto port = server_.start(loop_.loop(), api_);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    loop_.start();
  }
  ~AdminApiTest() override {
    loop_.stop();
    pool_.stop();
  }

  static std::string request(std::string_view method, std::string_view path, std::string_view body) {
    return std::string(method) + ' ' + std::string(path) +
           " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + std::string(kOwnerToken) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  // Everything that is answered until the connection ends.
  std::string ask(std::string_view method, std::string_view path, std::string_view body = {}) {
    WholeAnswerClient client(port_);
    client.send(request(method, path, body));
    return client.read_to_end();
  }

  AdminHarness admin_;
  net::LoopThread<> loop_;
  net::BlockingPool pool_{{.threads = 4, .queued_max = 64}};
  net::Tasks tasks_{loop_.loop()};
  net::BlockingCalls calls_{pool_, tasks_, loop_.loop()};
  AdminApi api_{admin_.parts, {.tasks = tasks_, .calls = calls_}};
  http::Server server_{{}};
  uint16_t port_ = 0;
};

TEST_F(AdminApiTest, ARequestIsAnsweredByAThreadThatMayBlock) {
  const std::string made = ask("POST", "/v1/plans", R"({"name":"pro"})");
  EXPECT_TRUE(made.starts_with("HTTP/1.1 201 ")) << made;
  EXPECT_TRUE(made.contains("ETag: \"1\"\r\n")) << made;
  const std::string listed = ask("GET", "/v1/plans");
  EXPECT_TRUE(listed.contains(R"("name":"pro")")) << listed;
}

TEST_F(AdminApiTest, WhatTheServerRefusesIsAProblemTooAndNeedsNoCatalog) {
  WholeAnswerClient client(port_);
  client.send("BAD\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(answer.contains("application/problem+json")) << answer;
  EXPECT_TRUE(answer.contains(R"("code":"rejected")")) << answer;
}

TEST_F(AdminApiTest, AnswersOfManyClientsGoToWhoAsked) {
  constexpr int kClients = 16;
  std::vector<std::string> answers(kClients);
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([this, i, &answers] {
        answers[static_cast<size_t>(i)] = ask("POST", "/v1/plans", "{\"name\":\"p" + std::to_string(i) + "\"}");
      });
    }
  }
  for (int i = 0; i < kClients; ++i) {
    const std::string& answer = answers[static_cast<size_t>(i)];
    EXPECT_TRUE(answer.contains("\"name\":\"p" + std::to_string(i) + '"')) << answer;
  }
}

TEST_F(AdminApiTest, WhatAClientThatHasGoneAskedForIsDoneAndHarmsNobody) {
  {
    net::ByteClient client(port_);
    client.send(request("POST", "/v1/plans", R"({"name":"left"})"));
  }
  // The pool is full of it or done with it: either way the next one is answered.
  EXPECT_TRUE(ask("GET", "/v1/plans").starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace rateguard::admin
