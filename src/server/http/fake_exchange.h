// For tests: an API on a memory store, called without a socket.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/local_exchange.h"
#include "server/decision_source.h"
#include "server/http/http_api.h"
#include "server/http/route_source.h"
#include "store/memory/memory_store.h"

namespace rateguard::http_api {

// What an API answered.
struct FakeResponse final : http::Responder {
  int code = 0;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = {};
  std::string text = {};
  int bodies = 0;

  void status(int value) override { code = value; }
  void header(std::string_view name, std::string_view value) override { headers.emplace_back(name, value); }
  void body(std::string_view type, std::string_view bytes) override {
    content_type = type;
    text = bytes;
    ++bodies;
  }

  // The value of a header; empty if there is none.
  std::string operator[](std::string_view name) const {
    for (const auto& [known, value] : headers) {
      if (known == name) return value;
    }
    return {};
  }
  bool has(std::string_view name) const {
    for (const auto& header : headers) {
      if (header.first == name) return true;
    }
    return false;
  }
};

struct FakeRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string peer = "127.0.0.1";
  Instant started = {};
};

// The request as a handler sees it; fills `headers`, and points into it and `request`.
http::Request parsed(const FakeRequest& request, std::vector<Header>& headers);

// One event loop's API, its store and its time.
class HttpApiHarness {
 public:
  explicit HttpApiHarness(std::vector<rules::Rule> rules = {}, identify::Settings identity = {});

  FakeResponse ask(const FakeRequest& request);
  FakeResponse post(std::string target, std::string body) {
    return ask({.method = "POST", .target = std::move(target), .body = std::move(body)});
  }
  FakeResponse check(std::string body) { return post("/check", std::move(body)); }
  FakeResponse get(std::string target) { return ask({.target = std::move(target)}); }
  FakeResponse reject(const http::Rejection& rejection);

  void set_rules(std::vector<rules::Rule> rules);
  HttpApi& api() { return *api_; }

  std::unique_ptr<MemoryStore> store;
  server::Service service;
  Now now = Instant::from_seconds(1'700'000'000);

 private:
  std::shared_ptr<const identify::Identifier> identifier_;
  server::DecisionTimeSource decision_times_{service.decisions};
  RouteSource routes_;
  std::unique_ptr<HttpApi> api_;
};

// A rule with a key of one part; `limit` as in a rules file: "5/m", "5/m burst 10".
rules::Rule rule_of(std::string name, std::string_view per, Limit limit);

}  // namespace rateguard::http_api
