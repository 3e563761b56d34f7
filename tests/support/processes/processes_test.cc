#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/patience.h"
#include "support/processes/child_process.h"
#include "support/processes/reserved_port.h"

namespace rateguard::test {
namespace {

// What /bin/sh prints for `script`, and its exit code.
struct Printed {
  std::string text;
  int code = -1;
};

Printed print(const std::string& script) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) std::abort();
  ChildProcess shell;
  EXPECT_TRUE(shell.start({.words = {"sh", "-c", script}, .out = out[1]})) << shell.problem();
  close(out[1]);
  Printed printed;
  char c = 0;
  while (read(out[0], &c, 1) == 1) printed.text += c;
  close(out[0]);
  printed.code = shell.wait();
  return printed;
}

int bind_to(uint16_t port, int reuse) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  const sockaddr_in address = loopback(port);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

TEST(ChildProcessTest, EveryOneOfManyBeginsWhileOtherThreadsAllocateAndStartTheirOwn) {
  std::atomic<bool> ended = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!ended) std::vector<std::string>(100, std::string(1'000, 'x'));
    });
  }
  threads.emplace_back([&] {
    while (!ended) EXPECT_EQ(print("exit 3").code, 3);
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(print("echo here").text, "here\n");
  ended = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(ChildProcessTest, SaysWhyAProgramCannotBeStarted) {
  ChildProcess none;
  EXPECT_FALSE(none.start({.words = {"no-such-program"}}));
  EXPECT_TRUE(contains(none.problem(), "no-such-program was not started: No such file or directory")) << none.problem();
  EXPECT_EQ(none.pid(), -1);
}

TEST(ChildProcessTest, GetsTheEnvironmentThatIsGivenAndNoOther) {
  setenv("PROCESSES_TEST_SETTING", "1", 1);
  ChildProcess env;
  int out[2];
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  std::vector<std::string> environment = environment_without("PROCESSES_TEST_");
  environment.emplace_back("ADDED=2");
  ASSERT_TRUE(env.start({.words = {"env"}, .environment = environment, .out = out[1]})) << env.problem();
  close(out[1]);
  std::string text;
  for (char c = 0; read(out[0], &c, 1) == 1;) text += c;
  close(out[0]);
  EXPECT_FALSE(contains(text, "PROCESSES_TEST_")) << text;
  EXPECT_TRUE(contains(text, "ADDED=2\n")) << text;
}

TEST(ChildProcessTest, InheritsNoDescriptorThatALibraryHasOpened) {
  const int leaky = open("/dev/null", O_RDONLY);  // as Boost.Asio opens sockets, without O_CLOEXEC
  ASSERT_GT(leaky, 2);
  EXPECT_EQ(print("test -e /proc/$$/fd/" + std::to_string(leaky) + " && echo inherited").text, "");
  close(leaky);
}

TEST(ChildProcessTest, EndsWithTheThreadThatStartedIt) {
  ChildProcess sleeper;
  std::thread([&] {
    ASSERT_TRUE(sleeper.start({.words = {"sleep", "1000"}})) << sleeper.problem();
    EXPECT_TRUE(sleeper.is_running());
  }).join();
  EXPECT_EQ(sleeper.wait(), -SIGKILL);
}

TEST(ReservedPortTest, IsGivenOnlyToItsServer) {
  const uint16_t port = reserved_port();
  for (int start = 0; start < 3; ++start) {
    // What asks for any port is given none that it could not bind so.
    EXPECT_EQ(bind_to(port, 0), -1);
    EXPECT_EQ(errno, EADDRINUSE);
    const int server = bind_to(port, 1);
    ASSERT_GE(server, 0);
    ASSERT_EQ(listen(server, 1), 0);
    close(server);
  }
}

}  // namespace
}  // namespace rateguard::test
