// A Redis of the test's own.
#pragma once

#include <string>

#include "support/processes/child_process.h"

namespace rateguard::test {

// `redis-server` on a Unix socket in a temporary folder, without persistence. Killed with this object, and with the
// test if that dies.
class RedisServer {
 public:
  // Starts it and waits until it is ready. Fails the test where it does not start.
  RedisServer();
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // The path of its socket.
  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
  ChildProcess process_;
  int output_ = -1;
};

}  // namespace rateguard::test
