// The state of a connection that its commands see.
#pragma once

#include <cstdint>
#include <string>

#include "model/instant.h"
#include "model/ip_address.h"
#include "server/access.h"
#include "server/resp/command_parser.h"
#include "server/resp/reply_writer.h"

namespace rateguard::resp {

// Which of the next replies are suppressed (CLIENT REPLY).
enum class Replies : uint8_t { kOn, kOff, kSkipNext };

struct ConnectedClient {
  int64_t id = 0;  // unique within the process
  IpAddress peer = {};
  Instant since = {};
  // The most that the client may do; one with kAny may only authenticate.
  server::Access granted = server::Access::kToken;
  RespVersion protocol = RespVersion::kResp2;
  Replies replies = Replies::kOn;
  bool leaving = false;  // after QUIT, or if it does not speak Redis: nothing after this command is read
  std::string name = {};
  std::string library_name = {};
  std::string library_version = {};

  Caller caller() const { return granted == server::Access::kAny ? Caller::kStranger : Caller::kKnown; }
};

}  // namespace rateguard::resp
