// One HTTP/1.1 request to a server and its answer, for commands that have nothing else to do meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/instant.h"

namespace rateguard::http {

struct ClientAnswer {
  int status = 0;
  std::string body;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string content_type = {};
  std::string bearer_token = {};  // empty: no Authorization
  std::string if_match = {};      // empty: no If-Match
  std::string body = {};
};

// Connects, asks and reads the whole answer; each step may take `patience`. Errors: those of a Call, naming the address
// and what could not be done; kExhausted, where the answer is larger than 64 MiB.
Result<ClientAnswer> ask(const std::string& host, uint16_t port, const ClientRequest& request, Duration patience);

}  // namespace rateguard::http
