#include "support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rateguard::test {
namespace {

// How long a start may take on a loaded machine under a sanitizer.
constexpr int kStartDeadlineMs = 60'000;

// What the tests themselves are told by RATEGUARD_* is nothing that the program knows.
void forget_settings() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("RATEGUARD_")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

pid_t spawn(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment, int in,
            int out, int err) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  forget_settings();
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  std::vector<char*> argv = {const_cast<char*>(RATEGUARD_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(RATEGUARD_PROGRAM, argv.data());
  _exit(127);
}

int exit_code_of(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int open_for_writing(const std::filesystem::path& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

// The first line that arrives on `fd` before the deadline.
std::string first_line(int fd) {
  std::string line;
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  while (poll(&readable, 1, kStartDeadlineMs) == 1) {
    char c = 0;
    if (read(fd, &c, 1) != 1 || c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "rateguard-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& content) const {
  const std::filesystem::path file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  return file.string();
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

Service::Service(std::vector<std::string> arguments, std::map<std::string, std::string> environment) {
  std::vector<std::string> all = {"serve", "--http", "127.0.0.1:0"};
  for (const char* const listener : {"--grpc", "--resp"}) {
    if (std::ranges::find(arguments, listener) == arguments.end()) all.insert(all.end(), {listener, "off"});
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) std::abort();
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int err = open_for_writing(folder_.path() / "log");
  pid_ = spawn(all, environment, in, out[1], err);
  close(in);
  close(err);
  close(out[1]);

  const std::string line = first_line(out[0]);
  close(out[0]);
  const std::string prefix = "ready http=127.0.0.1:";
  if (line.compare(0, prefix.size(), prefix) != 0) {
    ADD_FAILURE() << "the service did not start; it said: '" << line << "'\n" << log();
    return;
  }
  port_ = static_cast<uint16_t>(std::stoi(line.substr(prefix.size())));
  const auto port_of = [&](const std::string& name) -> uint16_t {
    const std::string where = " " + name + "=127.0.0.1:";
    const size_t at = line.find(where);
    return at == std::string::npos ? uint16_t{0} : static_cast<uint16_t>(std::stoi(line.substr(at + where.size())));
  };
  grpc_port_ = port_of("grpc");
  resp_port_ = port_of("resp");
}

Service::~Service() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  exit_code_of(pid_);
}

void Service::signal(int number) const {
  kill(pid_, number);
}

int Service::wait() {
  const int code = exit_code_of(pid_);
  pid_ = -1;
  return code;
}

std::string Service::log() const {
  return read_file(folder_.path() / "log");
}

Finished run(const std::vector<std::string>& arguments, const std::string& standard_input,
             const std::map<std::string, std::string>& environment) {
  const TemporaryFolder folder;
  const std::string in_path = folder.write("in", standard_input);
  const int in = open(in_path.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = open_for_writing(folder.path() / "out");
  const int err = open_for_writing(folder.path() / "err");
  const pid_t pid = spawn(arguments, environment, in, out, err);
  close(in);
  close(out);
  close(err);
  Finished finished;
  finished.exit_code = exit_code_of(pid);
  finished.out = read_file(folder.path() / "out");
  finished.err = read_file(folder.path() / "err");
  return finished;
}

}  // namespace rateguard::test
