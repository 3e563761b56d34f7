#include "differential/redis_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace rateguard::test {
namespace {

// How long a start may take on a loaded machine.
constexpr int kStartDeadlineMs = 60'000;

// Reads until `wanted` has come, the end, or the deadline. Returns what was read.
std::string read_until(int fd, const std::string& wanted) {
  std::string text;
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  while (text.find(wanted) == std::string::npos && poll(&readable, 1, kStartDeadlineMs) == 1) {
    char c = 0;
    if (read(fd, &c, 1) != 1) break;
    text += c;
  }
  return text;
}

}  // namespace

RedisServer::RedisServer() {
  folder_ = (std::filesystem::temp_directory_path() / "rateguard-redis-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) std::abort();
  path_ = folder_ + "/socket";
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) std::abort();
  const bool started = process_.start({.words = {"redis-server", "--port", "0", "--unixsocket", path_, "--dir", folder_,
                                                 "--save", "", "--appendonly", "no"},
                                       .out = out[1]});
  close(out[1]);
  output_ = out[0];
  const std::string said = read_until(output_, "eady to accept connections");
  EXPECT_NE(said.find("eady to accept connections"), std::string::npos)
      << "redis-server (package redis-server) did not start; it said: '" << said << "' "
      << (started ? process_.activity() : process_.problem());
}

RedisServer::~RedisServer() {
  process_.kill();
  close(output_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace rateguard::test
