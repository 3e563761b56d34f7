// `rateguard health`, as the health check of a container runs it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

std::string address_of(const Service& service) {
  return "127.0.0.1:" + std::to_string(service.port());
}

TEST(HealthTest, AServiceThatIsReadyIsExitCodeZeroAndItsAnswerIsPrinted) {
  const Service service({});
  for (const std::string& url : {address_of(service), "http://" + address_of(service),
                                 "http://" + address_of(service) + "/", "http://" + address_of(service) + "/ready"}) {
    const Finished ready = run({"health", url});
    EXPECT_EQ(ready.exit_code, 0) << url << ": " << ready.err;
    EXPECT_TRUE(contains(ready.out, "{\"ready\":true,")) << ready.out;
    EXPECT_EQ(ready.err, "");
  }
}

TEST(HealthTest, WithoutAUrlItAsksWhereTheEnvironmentSaysThatTheServiceListens) {
  const Service service({});
  const std::string port = std::to_string(service.port());
  for (const char* const variable : {"RATEGUARD_HTTP", "RATEGUARD_LISTEN_HTTP"}) {
    EXPECT_EQ(run({"health"}, {}, {{variable, "127.0.0.1:" + port}}).exit_code, 0) << variable;
    EXPECT_EQ(run({"health"}, {}, {{variable, "0.0.0.0:" + port}}).exit_code, 0)
        << "every address, loopback among them";
    EXPECT_EQ(run({"health"}, {}, {{variable, "127.0.0.1:1"}}).exit_code, 4) << variable;
  }
  EXPECT_EQ(run({"health", address_of(service)}, {}, {{"RATEGUARD_HTTP", "127.0.0.1:1"}}).exit_code, 0)
      << "a URL takes precedence";
}

TEST(HealthTest, ATokenIsNotNeeded) {
  const Service service({}, {{"RATEGUARD_LISTEN_TOKENS", "secret"}});
  EXPECT_EQ(run({"health", address_of(service)}).exit_code, 0);
}

TEST(HealthTest, AnAnswerOtherThan200IsExitCodeOne) {
  const Service service({});
  const Finished other = run({"health", address_of(service) + "/no/such/path"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(contains(other.err, address_of(service) + "/no/such/path answered 404")) << other.err;
}

TEST(HealthTest, NoAnswerIsExitCodeFourAndSaysWhose) {
  const Finished nobody = run({"health", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.exit_code, 4);
  EXPECT_TRUE(contains(nobody.err, "127.0.0.1:1")) << nobody.err;
}

TEST(HealthTest, AServiceThatIsSilentIsWaitedForNoLongerThanTheTimeout) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const Finished silent = run({"health", "--timeout", "50ms", url});
  EXPECT_EQ(silent.exit_code, 4);
  EXPECT_TRUE(contains(silent.err, url)) << silent.err;
  close(listener);
}

TEST(HealthTest, AWrongAddressOrTimeoutIsExitCodeTwoAndNamesTheExpectedForm) {
  for (const auto& [arguments, expected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"health", "nowhere"}, "URL: 'nowhere' is not the address of a service; expected http://HOST:PORT"},
           {{"health", "http://127.0.0.1:0"}, "URL: 'http://127.0.0.1:0' is not the address of a service"},
           {{"health", "https://127.0.0.1:8080"}, "URL: health speaks plain HTTP"},
           {{"health", "--timeout", "soon"}, "--timeout: "},
           {{"health", "--timeout", "0s"}, "--timeout: expected a duration above 0"}}) {
    const Finished wrong = run(arguments);
    EXPECT_EQ(wrong.exit_code, 2) << arguments.back();
    EXPECT_TRUE(contains(wrong.err, expected)) << wrong.err;
  }
  const Finished variable = run({"health"}, {}, {{"RATEGUARD_HTTP", "everywhere"}});
  EXPECT_EQ(variable.exit_code, 2);
  EXPECT_TRUE(contains(variable.err, "RATEGUARD_HTTP: 'everywhere' is not")) << variable.err;
}

}  // namespace
}  // namespace rateguard::test
