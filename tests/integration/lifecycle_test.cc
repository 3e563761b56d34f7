// Starting, reloading, restarting, draining.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

std::string rules_with_limit(int limit) {
  return "rules:\n  - {name: login, per: ip, limit: " + std::to_string(limit) +
         "/d, algorithm: fixed_window, anchor: first_request}\n";
}

std::string check_rule(const std::string& key) {
  return R"({"rule":"login","key":")" + key + R"("})";
}

TEST(LifecycleTest, ServesWithoutAnyConfiguration) {
  const Service service({});
  HttpConnection connection(service.port());
  EXPECT_EQ(connection.get("/health").status, 200);
  EXPECT_EQ(connection.get("/ready").status, 200);
  const std::string body = R"({"key":"user:123","algorithm":"token_bucket","capacity":10,"refill_rate":1})";
  const HttpAnswer answer = connection.post("/check", body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(contains(answer.body, R"("allowed":true)")) << answer.body;
  EXPECT_TRUE(contains(answer.body, R"("remaining":9)")) << answer.body;
}

TEST(LifecycleTest, AFileThatDoesNotLoadIsAnExitWithFileLineAndColumn) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "rules:\n  - name: a\n    limit: sometimes\n");
  const Finished finished = run({"serve", "--http", "127.0.0.1:0", "--config", file});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_TRUE(contains(finished.err, file + ":3:")) << finished.err;
}

TEST(LifecycleTest, SeveralStoresAreRefusedRatherThanIgnored) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "stores: {default: {}, other: {max_keys: 5}}\n");
  const Finished finished = run({"serve", "--http", "127.0.0.1:0", "--config", file});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_TRUE(contains(finished.err, "stores.other")) << finished.err;
  EXPECT_EQ(run({"validate", file}).exit_code, 3);
}

// A PROXY header (version 2) for TCP over IPv4, from `last` of 192.0.2.0/24.
std::string proxy_header(char last) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  const std::string addresses{'\xC0', '\x00', '\x02', last,   '\x7F', '\x00',
                              '\x00', '\x01', '\x10', '\x00', '\x10', '\x01'};
  return signature + std::string{'\x21', '\x11', '\x00', '\x0C'} + addresses;
}

TEST(LifecycleTest, TheProxyProtocolNamesThePeerWhereItsSenderIsTrusted) {
  const TemporaryFolder folder;
  const auto config = [&](const std::string& trusted) {
    return folder.write("rules.yaml", "listen: {proxy_protocol: true, trusted_proxies: [" + trusted + "]}\n" +
                                          "rules:\n  - {name: login, per: ip, limit: 1/d}\n");
  };
  const auto authz = [](uint16_t port, char last) {
    HttpConnection connection(port);
    connection.write_raw(proxy_header(last) +
                         "GET /v1/authz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\n"
                         "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /\r\n\r\n");
    return connection.read_answer().status;
  };
  const Service trusting({"--config", config("127.0.0.0/8, 192.0.2.7")});
  EXPECT_EQ(authz(trusting.port(), '\x07'), 200);
  EXPECT_EQ(authz(trusting.port(), '\x07'), 429);
  EXPECT_EQ(authz(trusting.port(), '\x08'), 403) << "a peer that may not speak for clients";

  const Service wary({"--config", config("10.0.0.0/8")});
  EXPECT_EQ(authz(wary.port(), '\x07'), 0) << "closed without an answer";
  EXPECT_TRUE(eventually([&] {
    return contains(wary.log(),
                    "warn connection closed: listen.proxy_protocol asks for a PROXY header listener=http "
                    "peer=127.0.0.1 why=\"the peer is not one of listen.trusted_proxies\" count=1");
  })) << wary.log();
  HttpConnection plain(trusting.port());
  plain.write_raw("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(plain.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return contains(trusting.log(), "does not begin with a valid one (version 2)"); }))
      << trusting.log();
  EXPECT_EQ(run({"validate", folder.write("open.yaml", "listen: {proxy_protocol: true}\n")}).exit_code, 3);
}

TEST(LifecycleTest, AnAddressInUseIsAnExitThatSaysWhatToDo) {
  const Service first({});
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  const Finished second = run({"serve", "--http", address});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_TRUE(contains(second.err, address)) << second.err;
  EXPECT_TRUE(contains(second.err, "--http")) << second.err;
}

TEST(LifecycleTest, SighupPutsNewRulesInForceAndKeepsCounts) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", rules_with_limit(1));
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  EXPECT_EQ(connection.post("/check", check_rule("192.0.2.1")).status, 200);
  EXPECT_EQ(connection.post("/check", check_rule("192.0.2.1")).status, 429);

  folder.write("rules.yaml", rules_with_limit(3));
  service.signal(SIGHUP);
  EXPECT_TRUE(
      eventually([&] { return contains(connection.get("/v1/counters/login/192.0.2.1").body, R"("limit":3)"); }));
  EXPECT_EQ(connection.post("/check", check_rule("192.0.2.1")).status, 200);
  EXPECT_EQ(connection.post("/check", check_rule("192.0.2.1")).status, 200);
  EXPECT_EQ(connection.post("/check", check_rule("192.0.2.1")).status, 429) << "one was used before the edit";
}

TEST(LifecycleTest, AFileThatIsReplacedOrSwappedByASymlinkIsReadAgainWithoutASignal) {
  const TemporaryFolder folder;
  // The layout of a Kubernetes ConfigMap: rules.yaml -> ..data/rules.yaml, ..data -> ..v1
  std::filesystem::create_directory(folder.path() / "..v1");
  folder.write("..v1/rules.yaml", rules_with_limit(1));
  std::filesystem::create_symlink("..v1", folder.path() / "..data");
  std::filesystem::create_symlink("..data/rules.yaml", folder.path() / "rules.yaml");
  const Service service({"--config", (folder.path() / "rules.yaml").string()});
  HttpConnection connection(service.port());

  std::filesystem::create_directory(folder.path() / "..v2");
  folder.write("..v2/rules.yaml", rules_with_limit(7));
  std::filesystem::create_symlink("..v2", folder.path() / "..data_tmp");
  std::filesystem::rename(folder.path() / "..data_tmp", folder.path() / "..data");
  EXPECT_TRUE(
      eventually([&] { return contains(connection.get("/v1/counters/login/192.0.2.1").body, R"("limit":7)"); }));
}

TEST(LifecycleTest, AFileOfSubjectsIsReadAgainWhenItChangesAlsoOneThatAReloadBroughtIn) {
  const TemporaryFolder folder;
  const auto rules_naming = [](std::string_view file) {
    return "rules:\n  - {name: users, per: user, limit: 1/m, by_subject_file: " + std::string(file) + "}\n";
  };
  folder.write("first.csv", "ann,5/m\n");
  folder.write("second.yaml", "ann: 7/m\n");
  const Service service({"--config", folder.write("rules.yaml", rules_naming("first.csv"))});
  HttpConnection connection(service.port());
  const auto limit_of_ann = [&](std::string_view limit) {
    return eventually([&] {
      return contains(connection.get("/v1/counters/users/ann").body, "\"limit\":" + std::string(limit) + ",");
    });
  };
  EXPECT_TRUE(limit_of_ann("5"));
  folder.write("first.csv", "ann,6/m\n");
  EXPECT_TRUE(limit_of_ann("6"));
  folder.write("rules.yaml", rules_naming("second.yaml"));
  EXPECT_TRUE(limit_of_ann("7"));
  folder.write("second.yaml", "ann: 8/m\n");
  EXPECT_TRUE(limit_of_ann("8"));
}

// One service with Envoy's configuration in `file`; what it says an hour may have of a client.
std::string config_naming(const std::string& file) {
  return "envoy: {config: " + file + "}\n" + rules_with_limit(5);
}
std::string envoy_limit(int limit) {
  return "domain: d\ndescriptors:\n  - {key: k, rate_limit: {unit: hour, requests_per_unit: " + std::to_string(limit) +
         "}}\n";
}
std::string limit_in_force(HttpConnection& connection) {
  return connection.post("/json", R"({"domain":"d","descriptors":[{"entries":[{"key":"k"}]}]})").body;
}

TEST(LifecycleTest, FilesThatAReloadNamesAreWatchedInsteadOfThoseOfTheStart) {
  const TemporaryFolder folder;
  const std::string first = folder.write("first.yaml", envoy_limit(11));
  const std::string second = folder.write("second.yaml", envoy_limit(12));
  const Service service({"--config", folder.write("rules.yaml", config_naming(first))});
  HttpConnection connection(service.port());
  const auto limit_is = [&](int limit) {
    return eventually(
        [&] { return contains(limit_in_force(connection), "\"requestsPerUnit\":" + std::to_string(limit) + ","); });
  };
  EXPECT_TRUE(limit_is(11));
  folder.write("rules.yaml", config_naming(second));
  EXPECT_TRUE(limit_is(12));
  folder.write("second.yaml", envoy_limit(13));
  EXPECT_TRUE(limit_is(13)) << service.log();
}

TEST(LifecycleTest, AReloadIsTriedAgainWhenTheFileAppearsForWantOfWhichItFailed) {
  const TemporaryFolder folder;
  const std::string first = folder.write("first.yaml", envoy_limit(11));
  const Service service({"--config", folder.write("rules.yaml", config_naming(first))});
  HttpConnection connection(service.port());
  folder.write("rules.yaml", config_naming((folder.path() / "second.yaml").string()));
  EXPECT_TRUE(eventually([&] { return contains(connection.get("/version").body, R"("current":false)"); }));
  EXPECT_TRUE(contains(limit_in_force(connection), R"("requestsPerUnit":11,)"));
  folder.write("second.yaml", envoy_limit(12));
  EXPECT_TRUE(eventually([&] { return contains(limit_in_force(connection), R"("requestsPerUnit":12,)"); }))
      << service.log();
  // Said when every loop has them; one may have them before.
  EXPECT_TRUE(eventually([&] { return contains(connection.get("/version").body, R"("current":true)"); }));
}

// Whether that process has the file open.
bool is_reading(pid_t process, const std::string& file) {
  std::error_code error;
  const auto folder = std::filesystem::path("/proc") / std::to_string(process) / "fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (std::filesystem::read_symlink(entry.path(), error) == file) return true;
  }
  return false;
}

TEST(LifecycleTest, ABadFileAtReloadLeavesTheOldRulesAndSaysWhy) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", rules_with_limit(5));
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  folder.write("rules.yaml", "rules:\n  - {name: login, per: nobody, limit: 1/m}\n");
  service.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return contains(service.log(), "rules.yaml:2:"); })) << service.log();
  EXPECT_TRUE(contains(connection.get("/v1/counters/login/192.0.2.1").body, R"("limit":5)"));
  EXPECT_EQ(connection.get("/ready").status, 200);
}

TEST(LifecycleTest, AFailedReloadIsShownEverywhereUntilOneSucceeds) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", rules_with_limit(5));
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  const auto tells = [&](const std::string& path, const std::string& text) {
    return eventually([&] { return contains(connection.get(path).body, text); });
  };
  EXPECT_TRUE(tells("/ready", R"({"name":"configuration","ready":true,"detail":"in force"})"));
  folder.write("rules.yaml", "rules:\n  - {name: login, per: nobody, limit: 1/m}\n");
  EXPECT_EQ(connection.post("/v1/reload", "").status, 422);
  EXPECT_TRUE(tells("/ready",
                    R"({"name":"configuration","ready":false,"detail":"the configuration on disk is not in force: )"));
  EXPECT_EQ(connection.get("/ready").status, 200) << "the old rules go on deciding";
  for (const char* const path : {"/version", "/v1/rules"}) {
    EXPECT_TRUE(tells(path, R"("configuration":{"current":false,"problem":")" + file + ":2:")) << path;
  }
  EXPECT_TRUE(tells("/metrics", "\nrateguard_config_last_reload_successful 0\n"));
  EXPECT_TRUE(contains(service.log(), "error configuration not reloaded; the old one stays in force by=127.0.0.1 why="))
      << service.log();

  folder.write("rules.yaml", rules_with_limit(5));
  EXPECT_EQ(connection.post("/v1/reload", "").status, 200);
  EXPECT_TRUE(tells("/version", R"("configuration":{"current":true,"problem":null,"waiting":[]})"));
  EXPECT_TRUE(tells("/metrics", "\nrateguard_config_last_reload_successful 1\n"));
}

// A pipe that somebody holds open and never writes to takes as long to read as a file of a disk that has died. Pipes
// are read below /dev only.
TEST(LifecycleTest, AReloadThatHangsDoesNotHoldUpTheEnd) {
  const TemporaryFolder folder;
  const std::string file = "/dev/shm/rateguard_lifecycle_" + std::to_string(getpid());
  const std::string pipe = file + ".pipe";
  std::ofstream(file) << "listen: {drain_grace: 0s}\n" << rules_with_limit(5);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int writer = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  Service service({"--config", file, "--data", folder.path() / "data"});
  std::filesystem::rename(pipe, file);
  service.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return is_reading(service.pid(), file); }));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0);
  EXPECT_TRUE(contains(service.log(), "ending though work for the disk, such as a reload, has not ended"))
      << service.log();
  EXPECT_TRUE(contains(service.log(), "info stopped counters_saved_to=")) << service.log();
  close(writer);
  std::filesystem::remove(file);
}

TEST(LifecycleTest, AReloadNamesTheSettingsThatWait) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", rules_with_limit(5));
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  folder.write("rules.yaml", "listen: {connections_max: 5, trusted_proxies: [10.0.0.1]}\nlog: {level: debug}\n" +
                                 rules_with_limit(6));
  const std::string answer = connection.post("/v1/reload", "").body;
  const std::string sentence = "1 rule in force; listen.connections_max and log.level take effect at the next start";
  EXPECT_TRUE(contains(answer, "\"detail\":\"" + sentence + "\"")) << answer;
  EXPECT_TRUE(contains(answer, R"("waiting":["listen.connections_max","log.level"])")) << answer;
  EXPECT_TRUE(contains(service.log(), " warn configuration reloaded by=127.0.0.1 result=\"" + sentence + "\""))
      << service.log();
  EXPECT_TRUE(contains(connection.get("/ready").body, "log.level take effect at the next start"));
  folder.write("rules.yaml", rules_with_limit(6));
  EXPECT_TRUE(contains(connection.post("/v1/reload", "").body, R"("waiting":[])")) << "as at the start again";
}

TEST(LifecycleTest, TheLogEndsWithWhoStoppedItAndWhereTheCountersAre) {
  const TemporaryFolder folder;
  Service service({"--data", folder.path().string()});
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0);
  const std::string log = service.log();
  EXPECT_TRUE(contains(log, " by=SIGTERM grace_ms=10000\n")) << log;
  EXPECT_TRUE(log.ends_with(" info stopped counters_saved_to=" + (folder.path() / "counters.snap").string() + "\n"))
      << log;
}

TEST(LifecycleTest, TheLogBeginsWithWhatHasBeenStarted) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", rules_with_limit(5));
  const Service service({"--config", file, "--threads", "3", "--data", folder.path().string()});
  const std::string log = service.log();
  for (const std::string& part :
       {std::string(" info starting version="), std::string(" commit="), " config=" + file, std::string(" rules=1 "),
        std::string(" stores=default:memory "), " snapshot=" + (folder.path() / "counters.snap").string(),
        std::string(" threads=3"), " info ready http=127.0.0.1:" + std::to_string(service.port())}) {
    EXPECT_TRUE(contains(log, part)) << part << '\n' << log;
  }
}

TEST(LifecycleTest, SigtermSavesTheCountersAndARestartContinues) {
  const TemporaryFolder data;
  {
    Service service({"--data", data.path().string()});
    HttpConnection connection(service.port());
    const std::string body = R"({"key":"k","algorithm":"fixed_window","limit":3,"window":"366d"})";
    EXPECT_EQ(connection.post("/check", body).status, 200);
    EXPECT_EQ(connection.post("/check", body).status, 200);
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0);
  }
  const Service service({"--data", data.path().string()});
  HttpConnection connection(service.port());
  const HttpAnswer third =
      connection.post("/check", R"({"key":"k","algorithm":"fixed_window","limit":3,"window":"366d"})");
  EXPECT_EQ(third.status, 200);
  EXPECT_TRUE(contains(third.body, R"("remaining":0)")) << third.body;
}

TEST(LifecycleTest, ASecondServiceOnTheSameDataFolderDoesNotStart) {
  const TemporaryFolder data;
  Service first({"--data", data.path().string()});
  const Finished second =
      run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--data", data.path()});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_TRUE(
      contains(second.err, "another service (process " + std::to_string(first.pid()) + ") keeps its counters in"))
      << second.err;
  first.signal(SIGKILL);
  first.wait();
  const Service third({"--data", data.path().string()});
  EXPECT_EQ(HttpConnection(third.port()).get("/ready").status, 200) << "a lock does not outlive its process";
}

TEST(LifecycleTest, AServiceThatIsStoppingHandsItsCountersToTheNext) {
  const TemporaryFolder data;
  const std::string body = R"({"key":"k","algorithm":"fixed_window","limit":3,"window":"366d"})";
  Service first({"--data", data.path().string()},
                {{"RATEGUARD_LISTEN_DRAIN_GRACE", "4s"}});  // the second has begun by then
  EXPECT_EQ(HttpConnection(first.port()).post("/check", body).status, 200);
  HttpConnection unfinished(first.port());
  unfinished.write_raw("POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1");
  first.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return contains(first.log(), "stopping; nothing new is accepted"); }));
  const Service second({"--data", data.path().string()});
  const std::string waits = "waiting for the service that is stopping, and for its counters process=";
  EXPECT_TRUE(contains(second.log(), waits + std::to_string(first.pid()))) << second.log();
  EXPECT_EQ(first.wait(), 0);
  EXPECT_TRUE(contains(HttpConnection(second.port()).post("/check", body).body, R"("remaining":1)"));
}

TEST(LifecycleTest, ADataFolderThatIsNotThereIsMadeWithItsParents) {
  const TemporaryFolder folder;
  const auto data = folder.path() / "lib" / "rateguard";
  Service service({"--data", data.string()});
  EXPECT_TRUE(std::filesystem::is_directory(data));
  for (const auto& file : std::filesystem::directory_iterator(data)) {
    EXPECT_FALSE(file.path().string().ends_with(".tmp")) << "the trial has not been removed: " << file.path();
  }
  EXPECT_TRUE(std::filesystem::exists(data / "catalog.db"));
  EXPECT_TRUE(std::filesystem::exists(data / "counters.snap.lock"));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(data / "counters.snap"));
}

TEST(LifecycleTest, ADataFolderThatTakesNoFileIsAnExitWithItsReason) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  for (const auto& [data, reason] : std::vector<std::pair<std::string, std::string>>{
           {file + "/data", "Not a directory"}, {"/proc/self", "No such file or directory"}}) {
    const Finished finished = run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--data", data});
    EXPECT_EQ(finished.exit_code, 4) << data;
    EXPECT_TRUE(contains(finished.err, data)) << finished.err;
    EXPECT_TRUE(contains(finished.err, reason)) << finished.err;
    EXPECT_FALSE(contains(finished.out, "ready")) << finished.out;
  }
}

// From now on no snapshot can be written: a folder has the name that it would have meanwhile.
void block_snapshots(const std::filesystem::path& data) {
  std::filesystem::create_directory(data / "counters.snap.tmp");
}

TEST(LifecycleTest, AShutdownThatCannotSaveHasItsOwnExitCodeAndSaysWhatIsLeft) {
  const TemporaryFolder data;
  const auto end_without_saving = [&] {
    Service service({"--data", data.path().string()});
    block_snapshots(data.path());
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 5);
    std::filesystem::remove(data.path() / "counters.snap.tmp");
    return service.log();
  };
  const std::string first = end_without_saving();
  EXPECT_TRUE(contains(first, "could not be saved; there is no snapshot yet")) << first;
  EXPECT_TRUE(contains(first, "counts since the last snapshot are lost")) << first;
  {
    Service service({"--data", data.path().string()});
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0);
  }
  const std::string second = end_without_saving();
  EXPECT_TRUE(contains(second, "could not be saved; the last snapshot stays")) << second;
}

TEST(LifecycleTest, ReadyTellsOfSnapshotsThatFail) {
  const TemporaryFolder folder;
  const auto data = folder.path() / "data";
  const std::string file =
      folder.write("rateguard.yaml", "data_dir: " + data.string() + "\nstores: {default: {snapshot_interval: 1s}}\n");
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  EXPECT_TRUE(contains(connection.get("/ready").body, R"("name":"snapshots","ready":true)"));
  block_snapshots(data);
  EXPECT_TRUE(eventually([&] {
    const std::string body = connection.get("/ready").body;
    return contains(body, R"("name":"snapshots","ready":false)") && contains(body, "Is a directory");
  })) << connection.get("/ready").body;
  EXPECT_EQ(connection.get("/ready").status, 200) << "requests are decided all the same";
}

TEST(LifecycleTest, ADamagedSnapshotIsRenamedAndLogged) {
  const TemporaryFolder data;
  {
    Service service({"--data", data.path().string()});
    HttpConnection(service.port()).post("/check", R"({"key":"k","algorithm":"fixed_window","limit":3,"window":"1d"})");
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0);
  }
  const std::filesystem::path snapshot = data.path() / "counters.snap";
  std::string bytes = read_file(snapshot);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  std::ofstream(snapshot, std::ios::binary) << bytes;

  const Service service({"--data", data.path().string()});
  EXPECT_EQ(HttpConnection(service.port()).get("/ready").status, 200) << "it serves, on empty counters";
  EXPECT_TRUE(contains(service.log(), snapshot.filename().string())) << service.log();
  size_t set_aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data.path())) {
    set_aside += contains(entry.path().filename().string(), ".damaged") ? 1 : 0;
  }
  EXPECT_EQ(set_aside, 1u);
}

TEST(LifecycleTest, DrainingFinishesWhatIsInFlight) {
  Service service({});
  HttpConnection idle(service.port());
  EXPECT_EQ(idle.get("/health").status, 200);
  HttpConnection halfway(service.port());
  const std::string body = R"({"key":"k","algorithm":"fixed_window","limit":3,"window":"1d"})";
  halfway.write_raw("POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body.substr(0, 10));
  EXPECT_TRUE(eventually([&] { return contains(HttpConnection(service.port()).get("/metrics").body, "rateguard_"); }));
  service.signal(SIGTERM);
  EXPECT_TRUE(idle.closed_by_peer());
  halfway.write_raw(body.substr(10));
  EXPECT_EQ(halfway.read_answer().status, 200);
  EXPECT_EQ(service.wait(), 0);
}

}  // namespace
}  // namespace rateguard::test
