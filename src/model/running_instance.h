// One of the instances that share their counters, as GET /v1/instances shows it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/instant.h"

namespace rateguard {

// What an instance says about itself.
struct InstanceDescription {
  std::string host = {};  // the machine's name
  int64_t pid = 0;
  std::string version = {};
  std::map<std::string, std::string> addresses = {};  // where it listens, by protocol: "http", "127.0.0.1:8080"
  Instant started = {};
  std::string rules_revision = {};  // equal if the same rules are in force

  bool operator==(const InstanceDescription&) const = default;
};

struct RunningInstance {
  uint64_t id = 0;  // chosen at random at its start
  InstanceDescription description = {};
  Duration seen_ago = {};  // since it was last heard of
  bool is_self = false;
};

}  // namespace rateguard
