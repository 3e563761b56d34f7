// Runs the built program as a child process, as a person would.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/processes/child_process.h"

namespace rateguard::test {

// A folder below the system's temporary one, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Writes a file into the folder and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

// `rateguard serve` on a free loopback port. Killed when the object goes, or the thread that made it, unless it was
// stopped.
class Service {
 public:
  // Starts and waits for the ready line. `arguments` follow `serve --http 127.0.0.1:0 --grpc off --resp off`, and may
  // open the latter two. Fails the test where it does not start.
  explicit Service(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {});
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  uint16_t port() const { return port_; }
  uint16_t grpc_port() const { return grpc_port_; }  // 0: closed
  // Of the Redis protocol; 0: closed.
  uint16_t resp_port() const { return resp_port_; }
  pid_t pid() const { return process_.pid(); }
  // Sends a signal.
  void signal(int number) const { process_.signal(number); }
  // Waits for the process to end and returns its exit code, or -signal.
  int wait() { return process_.wait(); }
  // What it has written to standard error so far.
  std::string log() const;

 private:
  TemporaryFolder folder_;
  ChildProcess process_;
  uint16_t port_ = 0;
  uint16_t grpc_port_ = 0;
  uint16_t resp_port_ = 0;
};

// Runs the program to its end.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};
Finished run(const std::vector<std::string>& arguments, const std::string& standard_input = {},
             const std::map<std::string, std::string>& environment = {});

}  // namespace rateguard::test
