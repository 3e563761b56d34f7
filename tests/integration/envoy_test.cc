// Envoy's rate limit service over POST /json, from real files that change.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

namespace fs = std::filesystem;

std::string file_with_limit(int limit, const std::string& domain = "edge") {
  return "domain: " + domain +
         "\ndescriptors:\n  - {key: client, rate_limit: {unit: year, requests_per_unit: " + std::to_string(limit) +
         "}}\n";
}

std::string asking(const std::string& client, const std::string& domain = "edge") {
  return R"({"domain":")" + domain + R"(","descriptors":[{"entries":[{"key":"client","value":")" + client + R"("}]}]})";
}

HttpAnswer ask(const Service& service, const std::string& client, const std::string& domain = "edge") {
  HttpConnection connection(service.port());
  return connection.post("/json", asking(client, domain));
}

// The limit that a fresh client meets; 0 where there is none.
int limit_in_force(const Service& service, const std::string& domain = "edge") {
  static int client = 0;
  const std::string body = ask(service, "fresh" + std::to_string(++client), domain).body;
  const std::string name = R"("requestsPerUnit":)";
  const size_t at = body.find(name);
  return at == std::string::npos ? 0 : std::stoi(body.substr(at + name.size()));
}

bool comes_to(const Service& service, int limit, const std::string& domain = "edge") {
  return eventually([&] { return limit_in_force(service, domain) == limit; });
}

std::string metrics(const Service& service) {
  HttpConnection connection(service.port());
  return connection.get("/metrics").body;
}

TEST(EnvoyTest, DecidesByItsFile) {
  const TemporaryFolder folder;
  const Service service({"--envoy-config", folder.write("edge.yaml", file_with_limit(2))});
  EXPECT_EQ(ask(service, "a").status, 200);
  const HttpAnswer second = ask(service, "a");
  EXPECT_EQ(second.status, 200);
  EXPECT_TRUE(contains(second.body, R"({"overallCode":"OK","statuses":[{"code":"OK","currentLimit":)"
                                    R"({"requestsPerUnit":2,"unit":"YEAR"},"durationUntilReset":")"))
      << second.body;
  const HttpAnswer third = ask(service, "a");
  EXPECT_EQ(third.status, 429);
  EXPECT_TRUE(contains(third.body, R"({"overallCode":"OVER_LIMIT","statuses":[{"code":"OVER_LIMIT",)")) << third.body;
  EXPECT_EQ(ask(service, "a", "nobody").body, R"({"overallCode":"OK","statuses":[{"code":"OK"}]})");

  HttpConnection connection(service.port());
  EXPECT_EQ(connection.post("/json", "{").body, "Bad Request\n");
  EXPECT_EQ(connection.post("/json", R"({"domain":"edge"})").status, 400);
  EXPECT_EQ(connection.get("/healthcheck").body, "OK");
  const std::string figures = metrics(service);
  EXPECT_TRUE(contains(figures, R"(rateguard_envoy_total_hits_total{descriptor="edge.client"} 3)")) << figures;
  EXPECT_TRUE(contains(figures, R"(rateguard_envoy_over_limit_total{descriptor="edge.client"} 1)"));
  EXPECT_TRUE(contains(figures, R"(rateguard_envoy_requests_total{code="error"} 1)"));
}

TEST(EnvoyTest, NothingLoadedIsAnError) {
  const Service service({});
  const HttpAnswer answer = ask(service, "a");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "Bad Request\n");
}

TEST(EnvoyTest, AFileThatDoesNotLoadIsAnExit) {
  const TemporaryFolder folder;
  const std::string file = folder.write("edge.yaml", "domain: edge\ndescriptors: [{key: k, unit: day}]\n");
  for (const auto& command : {std::vector<std::string>{"serve", "--http", "127.0.0.1:0", "--envoy-config", file},
                              std::vector<std::string>{"validate", "--envoy", file}}) {
    const Finished finished = run(command);
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_TRUE(contains(finished.err, file + ":2:24: config error, key 'unit' does nothing in a descriptor"))
        << finished.err;
  }
  EXPECT_EQ(run({"validate"}).exit_code, 2);
  const Finished good = run({"validate", "--envoy", folder.write("good.yaml", file_with_limit(2))});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_TRUE(contains(good.out, "1 domain, 1 limit")) << good.out;
}

TEST(EnvoyTest, AFileThatIsReplacedIsReadAgainAndABadOneChangesNothing) {
  const TemporaryFolder folder;
  const std::string file = folder.write("edge.yaml", file_with_limit(10));
  const Service service({"--envoy-config", file});
  EXPECT_EQ(limit_in_force(service), 10);
  fs::rename(folder.write("next", file_with_limit(20)), file);
  EXPECT_TRUE(comes_to(service, 20));
  fs::rename(folder.write("next", "domain: edge\nnonsense: 1\n"), file);
  EXPECT_TRUE(eventually([&] {
    return contains(service.log(), "edge.yaml:2:1: config error, unknown key 'nonsense'");
  })) << service.log();
  EXPECT_EQ(limit_in_force(service), 20);
  EXPECT_TRUE(contains(metrics(service), R"(rateguard_envoy_config_loads_total{result="failure"} 1)"));
  fs::rename(folder.write("next", file_with_limit(30)), file);
  EXPECT_TRUE(comes_to(service, 30));
}

TEST(EnvoyTest, FilesOfAFolderComeAndGo) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "config");
  folder.write("config/edge.yaml", file_with_limit(10));
  const Service service({"--envoy-config", (folder.path() / "config").string()});
  EXPECT_EQ(limit_in_force(service, "other"), 0);
  folder.write("config/other.yaml", file_with_limit(7, "other"));
  EXPECT_TRUE(comes_to(service, 7, "other"));
  fs::remove(folder.path() / "config/other.yaml");
  EXPECT_TRUE(comes_to(service, 0, "other"));
  EXPECT_EQ(limit_in_force(service), 10);
}

TEST(EnvoyTest, KubernetesSwapsItsLink) {
  const TemporaryFolder folder;
  const fs::path config = folder.path() / "config";
  fs::create_directories(config / "..1");
  fs::create_directories(config / "..2");
  folder.write("config/..1/edge.yaml", file_with_limit(10));
  folder.write("config/..2/edge.yaml", file_with_limit(20));
  fs::create_directory_symlink("..1", config / "..data");
  fs::create_symlink("..data/edge.yaml", config / "edge.yaml");
  const Service service({"--envoy-config", config.string()});
  EXPECT_EQ(limit_in_force(service), 10);
  fs::create_directory_symlink("..2", config / "..data_tmp");
  fs::rename(config / "..data_tmp", config / "..data");
  fs::remove_all(config / "..1");
  EXPECT_TRUE(comes_to(service, 20));
}

TEST(EnvoyTest, ReadsTheEnvironmentOfEnvoyproxy) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "limits/config");
  folder.write("limits/config/edge.yaml", file_with_limit(1));
  const Service service({}, {{"RUNTIME_ROOT", folder.path().string()},
                             {"RUNTIME_SUBDIRECTORY", "limits"},
                             {"SHADOW_MODE", "true"},
                             {"LIMIT_RESPONSE_HEADERS_ENABLED", "true"}});
  EXPECT_EQ(ask(service, "a").status, 200);
  const HttpAnswer over = ask(service, "a");
  EXPECT_EQ(over.status, 200);
  EXPECT_TRUE(contains(over.body, R"("code":"OVER_LIMIT")")) << over.body;
  EXPECT_TRUE(contains(over.body, R"("responseHeadersToAdd":[{"key":"RateLimit-Limit","value":"1"})")) << over.body;
}

TEST(EnvoyTest, WithReloadOffOnlyASignalReadsItAgain) {
  const TemporaryFolder folder;
  const std::string file = folder.write("edge.yaml", file_with_limit(10));
  const std::string settings = folder.write("rateguard.yaml", "envoy: {config: " + file + ", reload: false}\n");
  const Service service({"--config", settings});
  fs::rename(folder.write("next", file_with_limit(20)), file);
  EXPECT_EQ(limit_in_force(service), 10);
  service.signal(SIGHUP);
  EXPECT_TRUE(comes_to(service, 20));
}

}  // namespace
}  // namespace rateguard::test
