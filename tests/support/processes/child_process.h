// Programs that a test starts, whatever other threads it has meanwhile.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rateguard::test {

// This process's environment, but for variables whose names begin so; empty: all of it.
std::vector<std::string> environment_without(const std::string& prefix);

// What to start. Descriptors are the caller's, who may close them afterwards; -1: /dev/null. The program gets no other.
struct ChildPlan {
  std::vector<std::string> words = {};  // the program, by its path or as PATH finds it, and its arguments
  std::vector<std::string> environment = environment_without("");  // "NAME=value", all there is
  int in = -1;
  int out = -1;
  int err = -1;
};

// One process at a time. It is killed with this object and with the thread that started it.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // True: the program itself is running. False: see problem(). REQUIRES: none is running.
  bool start(const ChildPlan& plan);
  // Why the last start failed.
  const std::string& problem() const { return problem_; }

  // -1: there is none, or its end has been taken note of.
  pid_t pid() const { return pid_; }
  // Takes note of its end where it has come.
  bool is_running();
  void signal(int number) const;
  // kill -9, and waits for its end.
  void kill();
  // Waits for its end and returns its exit code, or -signal; -1 where there is none.
  int wait();
  // What the kernel says it is doing, for failed tests: "S (sleeping), in ep_poll".
  std::string activity() const;

 private:
  pid_t pid_ = -1;
  std::string problem_;
};

}  // namespace rateguard::test
