// What a connection is to the commands that come by it.
#pragma once

#include <cstdint>
#include <string>

#include "model/instant.h"
#include "model/ip_address.h"
#include "server/access.h"
#include "server/resp/command_parser.h"
#include "server/resp/reply.h"

namespace rateguard::resp {

// Which of the coming replies are kept back (CLIENT REPLY).
enum class Replies : uint8_t { kOn, kOff, kSkipNext };

struct Client {
  int64_t id = 0;  // unique while the process lives
  IpAddress peer = {};
  Instant since = {};
  // The most that it may do: kAny is a stranger, who may only authenticate.
  server::Access granted = server::Access::kToken;
  Protocol protocol = Protocol::kResp2;
  Replies replies = Replies::kOn;
  bool leaving = false;  // it has said QUIT, or was not one to talk to: nothing after this command is read
  std::string name = {};
  std::string library_name = {};
  std::string library_version = {};

  Caller caller() const { return granted == server::Access::kAny ? Caller::kStranger : Caller::kKnown; }
};

}  // namespace rateguard::resp
