// What goes wrong around a service: it goes on answering everybody else.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

constexpr const char* kCheck = R"({"key":"k","algorithm":"fixed_window","limit":1000000,"window":"1d"})";

int connect_to(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

// Idle connections, closed when the object goes.
class Crowd {
 public:
  Crowd(uint16_t port, size_t wanted) {
    while (connections_.size() < wanted) {
      const int fd = connect_to(port);
      if (fd < 0) break;
      connections_.push_back(fd);
    }
  }
  ~Crowd() {
    for (const int fd : connections_) close(fd);
  }
  size_t size() const { return connections_.size(); }

 private:
  std::vector<int> connections_;
};

rlim_t raise_own_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::string metric(HttpConnection& connection, const std::string& name) {
  const std::string text = connection.get("/metrics").body;
  const size_t at = text.find("\n" + name);
  return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(FaultsTest, TenThousandIdleConnectionsLeaveTheServiceAnswering) {
  const size_t wanted = std::min<size_t>(10'000, static_cast<size_t>(raise_own_descriptor_limit()) - 200);
  const Service service({});
  const Crowd crowd(service.port(), wanted);
  EXPECT_EQ(crowd.size(), wanted);
  HttpConnection connection(service.port());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(connection.post("/check", kCheck).status, 200);
}

TEST(FaultsTest, AServiceOutOfDescriptorsAnswersThoseItHasAndRecovers) {
#ifdef __SANITIZE_ADDRESS__
  // UBSan's check of a virtual call opens a pipe to see whether the object's memory can be read, and where there is no
  // descriptor for it, says that the object is bad.
  GTEST_SKIP() << "the sanitizer needs descriptors of its own";
#endif
  const Service service({});
  HttpConnection connection(service.port());
  ASSERT_EQ(connection.get("/health").status, 200);
  rlimit before{};
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = 64;
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_NOFILE, &tight, nullptr), 0);
  {
    const Crowd crowd(service.port(), 200);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(connection.post("/check", kCheck).status, 200);
  }
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(eventually([&] { return HttpConnection(service.port()).get("/health").status == 200; }));
}

TEST(FaultsTest, AFullDiskFailsTheSnapshotAndNothingElse) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("rateguard.yaml", "stores: {default: {snapshot: " + (folder.path() / "counters.snap").string() +
                                         ", snapshot_interval: 1s}}\n");
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  ASSERT_EQ(connection.post("/check", kCheck).status, 200);
  const rlimit none{.rlim_cur = 1, .rlim_max = RLIM_INFINITY};  // a file may not grow past one byte
  ASSERT_EQ(prlimit(service.pid(), RLIMIT_FSIZE, &none, nullptr), 0);
  EXPECT_TRUE(eventually([&] {
    const std::string failures = metric(connection, "rateguard_snapshot_failures_total");
    return !failures.empty() && failures.back() != '0';
  }));
  EXPECT_EQ(connection.post("/check", kCheck).status, 200);
}

TEST(FaultsTest, TheBoundOnConnectionsHoldsOverAllLoopsExactly) {
  constexpr size_t kMax = 9;
  const TemporaryFolder folder;
  const Service service({"--config", folder.write("rateguard.yaml", "listen: {threads: 4, connections_max: " +
                                                                        std::to_string(kMax) + "}\n")});
  const auto status_of = [](HttpConnection& connection) { return connection.get("/health").status; };
  std::vector<std::unique_ptr<HttpConnection>> held;
  for (size_t i = 0; i < kMax; ++i) {
    held.push_back(std::make_unique<HttpConnection>(service.port()));
    EXPECT_EQ(status_of(*held.back()), 200) << i;
  }
  for (int i = 0; i < 3; ++i) {
    HttpConnection one_more(service.port());
    EXPECT_EQ(one_more.read_answer().status, 503);
  }
  EXPECT_TRUE(contains(service.log(), "warn connection refused: listen.connections_max of them are open listener=http"))
      << service.log();
  held.pop_back();
  EXPECT_TRUE(eventually([&] {
    HttpConnection next(service.port());
    return next.get("/health").status == 200;
  })) << "a place that was given back";
}

TEST(FaultsTest, PlaintextOnATlsPortIsLogged) {
  const TemporaryFolder folder;
  const std::string certificate = (folder.path() / "c.pem").string();
  const std::string key = (folder.path() / "k.pem").string();
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const Service service(
      {"--resp", "127.0.0.1:0", "--config",
       folder.write("rateguard.yaml", "listen: {tls: {certificate: " + certificate + ", key: " + key + "}}\n")});
  for (int i = 0; i < 5; ++i) {
    HttpConnection plain(service.port());
    plain.write_raw("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(plain.closed_by_peer());
  }
  const std::string line =
      "warn connection closed: the client does not speak TLS, and this listener does listener=http "
      "peer=127.0.0.1 why=\"http request\" count=1";
  EXPECT_TRUE(eventually([&] { return contains(service.log(), line); })) << service.log();
  const std::string log = service.log();
  EXPECT_EQ(log.find("does not speak TLS"), log.rfind("does not speak TLS"))
      << "one line, however many there are: " << log;
  const auto connect = [](uint16_t port, const std::string& options) {
    return std::system(
               ("openssl s_client -connect 127.0.0.1:" + std::to_string(port) + " " + options + " >/dev/null 2>&1")
                   .c_str()) == 0;
  };
  const auto handshake = [&](const std::string& options) { return connect(service.port(), options + " </dev/null"); };
  EXPECT_TRUE(handshake("-tls1_3"));
  EXPECT_TRUE(handshake("-tls1_2"));
  EXPECT_TRUE(handshake("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256"));
  EXPECT_FALSE(handshake("-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256@SECLEVEL=0")) << "CBC";
  const std::string agrees_on_h2 = "-alpn h2 </dev/null 2>/dev/null | grep -q 'ALPN protocol: h2'";
  EXPECT_TRUE(connect(service.port(), agrees_on_h2));
  EXPECT_TRUE(connect(service.resp_port(), "-alpn h2 </dev/null"));
  EXPECT_FALSE(connect(service.resp_port(), agrees_on_h2)) << "the Redis protocol is no HTTP/2";
}

TEST(FaultsTest, ASlowClientDelaysNoOtherAndIsCutOff) {
  const TemporaryFolder folder;
  const Service service({"--config", folder.write("rateguard.yaml", "listen: {threads: 1, read_timeout: 500ms}\n")});
  HttpConnection slow(service.port());
  slow.write_raw("POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Le");
  HttpConnection connection(service.port());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(connection.post("/check", kCheck).status, 200);
  EXPECT_EQ(slow.read_answer().status, 408);
  EXPECT_TRUE(slow.closed_by_peer());
}

TEST(FaultsTest, AClientThatDoesNotReadItsAnswersStopsBeingRead) {
  const TemporaryFolder folder;
  const Service service({"--config", folder.write("rateguard.yaml", "listen: {threads: 1, write_timeout: 500ms}\n")});
  const int deaf = connect_to(service.port());
  ASSERT_GE(deaf, 0);
  const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
  setsockopt(deaf, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::string requests = [] {
    std::string all;
    for (int i = 0; i < 1000; ++i) all += "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    return all;
  }();
  for (int i = 0; i < 200 && send(deaf, requests.data(), requests.size(), MSG_NOSIGNAL) > 0; ++i) {
  }
  HttpConnection connection(service.port());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(connection.post("/check", kCheck).status, 200);
  const std::string resident = metric(connection, "process_resident_memory_bytes ");
  ASSERT_FALSE(resident.empty());
  EXPECT_LT(std::stod(resident.substr(resident.find(' '))), 1e9);
  close(deaf);
}

TEST(FaultsTest, OtherBytesThanHttpAreRefusedAndTheNextConnectionWorks) {
  const Service service({});
  const std::vector<std::string> hostile = {
      "POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r!",
  };
  for (const std::string& bytes : hostile) {
    HttpConnection connection(service.port());
    connection.write_raw(bytes);
    const HttpAnswer answer = connection.read_answer();
    EXPECT_GE(answer.status, 400) << bytes.substr(0, 60);
    EXPECT_LT(answer.status, 600) << bytes.substr(0, 60);
    EXPECT_TRUE(contains(answer.body, "\"detail\"")) << answer.body;
    EXPECT_TRUE(connection.closed_by_peer()) << bytes.substr(0, 60);
  }
  EXPECT_EQ(HttpConnection(service.port()).get("/health").status, 200);
}

}  // namespace
}  // namespace rateguard::test
