#include "distributed/processes.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

namespace rateguard::test {
namespace {

pid_t start(int index, const std::function<bool(int)>& work) {
  std::fflush(nullptr);  // or the child prints it again
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const bool good = work(index);
  std::fflush(nullptr);
  _exit(good ? 0 : 1);  // what the parent holds, its servers among it, is not this process's to destroy
}

}  // namespace

bool run_processes(int count, std::chrono::seconds patience, const std::function<bool(int)>& work) {
  std::vector<pid_t> running;
  for (int i = 0; i < count; ++i) running.push_back(start(i, work));
  const auto end = std::chrono::steady_clock::now() + patience;
  bool good = true;
  while (!running.empty() && good) {
    std::erase_if(running, [&](pid_t pid) {
      int status = 0;
      if (waitpid(pid, &status, WNOHANG) != pid) return false;
      good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
      return true;
    });
    good = good && std::chrono::steady_clock::now() < end;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (const pid_t pid : running) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  return good;
}

}  // namespace rateguard::test
