// For tests: the API on a memory store, called without a socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/resp_api.h"
#include "server/resp/resp_source.h"
#include "store/memory/memory_store.h"

namespace rateguard::resp {

// One event loop's API, its store and its time.
class RespApiHarness {
 public:
  explicit RespApiHarness(std::vector<rules::Rule> rules = {});

  // A new client at that address.
  ConnectedClient connect(std::string_view peer = "127.0.0.1");
  // The answers to those bytes; `client` says whether it is to be closed.
  std::string ask(ConnectedClient& client, std::string_view bytes);

  std::unique_ptr<MemoryStore> store;
  server::Service service;
  net::ConnectionStats connections;  // of its listener, had it one
  RespSource source;
  Now now = Instant::from_seconds(1'700'000'000);
  // Made at the first connection, with the service's tokens at that time.
  RespApi& api();

 private:
  Policy policy_;
  std::unique_ptr<RespApi> api_;
};

// "*2\r\n$4\r\nECHO\r\n..." of words.
std::string command(std::initializer_list<std::string_view> words);

// A rule whose key has one part, or with "" none.
rules::Rule rule_of(std::string name, std::vector<std::string_view> per, Limit limit);

}  // namespace rateguard::resp
