#include "support/processes/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

namespace rateguard::test {
namespace {

// How long a process may take from its making to its program, on a loaded machine under a sanitizer.
constexpr int kBeginDeadlineMs = 60'000;

std::string path_of(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* const path = getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + program;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return program;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// What the child needs, made before there is one.
struct Prepared {
  explicit Prepared(const ChildPlan& plan)
      : path(path_of(plan.words.front())),
        words(plan.words),
        environment(plan.environment),
        argv(pointers(words)),
        envp(pointers(environment)),
        descriptors{plan.in, plan.out, plan.err} {}

  std::string path;
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::array<int, 3> descriptors;
  pid_t parent = getpid();
};

// The child: other threads of the parent may have held any lock when it was made, so that nothing but what
// signal-safety(7) lists is called. Says on `problem` what failed; where nothing does, exec closes it.
[[noreturn]] void become(const Prepared& prepared, int problem) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != prepared.parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int target = 0; target < 3; ++target) {
    const int source = prepared.descriptors[static_cast<size_t>(target)];
    dup2(source >= 0 ? source : null, target);
  }
  close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);  // what libraries opened for themselves
  execve(prepared.path.c_str(), prepared.argv.data(), prepared.envp.data());
  const int error = errno;
  (void)!write(problem, &error, sizeof error);
  _exit(127);
}

// Empty: the program has begun.
std::string await_program(int problem) {
  pollfd readable{.fd = problem, .events = POLLIN, .revents = 0};
  const auto ready = TEMP_FAILURE_RETRY(poll(&readable, 1, kBeginDeadlineMs));
  if (ready <= 0) return "it did not get as far as its program within a minute";
  int error = 0;
  const ssize_t bytes = TEMP_FAILURE_RETRY(read(problem, &error, sizeof error));
  return bytes == sizeof error ? std::strerror(error) : "";
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

std::vector<std::string> environment_without(const std::string& prefix) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (prefix.empty() || !text.starts_with(prefix)) all.emplace_back(text);
  }
  return all;
}

bool ChildProcess::start(const ChildPlan& plan) {
  if (pid_ > 0) std::abort();
  const Prepared prepared(plan);
  int problem[2];
  if (pipe2(problem, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) become(prepared, problem[1]);
  const int fork_error = errno;
  close(problem[1]);
  problem_ = pid_ < 0 ? std::string("fork: ") + std::strerror(fork_error) : await_program(problem[0]);
  close(problem[0]);
  if (problem_.empty()) return true;
  problem_ = prepared.path + " was not started: " + problem_ + "; " + activity();
  kill();
  return false;
}

bool ChildProcess::is_running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void ChildProcess::kill() {
  signal(SIGKILL);
  wait();
}

int ChildProcess::wait() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  if (pid <= 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) != pid) return -1;
  return code_of(status);
}

std::string ChildProcess::activity() const {
  if (pid_ <= 0) return "there is no process";
  const std::string folder = "/proc/" + std::to_string(pid_);
  std::ifstream status(folder + "/status");
  std::string state = "gone";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:\t")) state = line.substr(7);
  }
  return state + ", in " + first_line(folder + "/wchan") + ", system call " + first_line(folder + "/syscall");
}

}  // namespace rateguard::test
