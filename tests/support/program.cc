#include "support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
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

// With the environment of the test but for what that is told by RATEGUARD_* itself, and with `environment`.
ChildPlan plan_for(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
  ChildPlan plan{.words = {RATEGUARD_PROGRAM}, .environment = environment_without("RATEGUARD_")};
  plan.environment.push_back("RATEGUARD_ADMIN_LISTEN=127.0.0.1:0");
  plan.words.insert(plan.words.end(), arguments.begin(), arguments.end());
  for (const auto& [name, value] : environment) {
    std::erase_if(plan.environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    plan.environment.push_back(name + "=" + value);
  }
  return plan;
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
  ChildPlan plan = plan_for(all, environment);
  plan.out = out[1];
  plan.err = open_for_writing(folder_.path() / "log");
  const bool started = process_.start(plan);
  close(plan.err);
  close(out[1]);

  const std::string line = first_line(out[0]);
  close(out[0]);
  const std::string prefix = "ready http=127.0.0.1:";
  if (line.compare(0, prefix.size(), prefix) != 0) {
    ADD_FAILURE() << "the service did not start; it said: '" << line << "'; "
                  << (started ? process_.activity() : process_.problem()) << "\n"
                  << log();
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

std::string Service::log() const {
  return read_file(folder_.path() / "log");
}

Finished run(const std::vector<std::string>& arguments, const std::string& standard_input,
             const std::map<std::string, std::string>& environment) {
  const TemporaryFolder folder;
  const std::string in_path = folder.write("in", standard_input);
  ChildPlan plan = plan_for(arguments, environment);
  plan.in = open(in_path.c_str(), O_RDONLY | O_CLOEXEC);
  plan.out = open_for_writing(folder.path() / "out");
  plan.err = open_for_writing(folder.path() / "err");
  ChildProcess process;
  if (!process.start(plan)) ADD_FAILURE() << process.problem();
  for (const int descriptor : {plan.in, plan.out, plan.err}) close(descriptor);
  Finished finished;
  finished.exit_code = process.wait();
  finished.out = read_file(folder.path() / "out");
  finished.err = read_file(folder.path() / "err");
  return finished;
}

}  // namespace rateguard::test
