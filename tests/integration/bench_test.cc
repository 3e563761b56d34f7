// `rateguard bench` against the real service.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

namespace json = boost::json;

std::string http(const Service& service) {
  return "http://127.0.0.1:" + std::to_string(service.port());
}
std::string redis(const Service& service) {
  return "redis://127.0.0.1:" + std::to_string(service.resp_port());
}

json::value figures(const Finished& finished) {
  boost::system::error_code error;
  json::value value = json::parse(finished.out, error);
  EXPECT_FALSE(error) << finished.out << finished.err;
  return value;
}

int64_t number(const json::value& of, const char* name) {
  return of.at(name).to_number<int64_t>();
}

TEST(BenchTest, EveryRequestGetsADecisionOverHttp) {
  const Service service({});
  const Finished finished = run({"bench", "--requests", "2000", "--connections", "4", "--depth", "8", "--cost", "2",
                                 "--json", "-", http(service)});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const json::value value = figures(finished);
  EXPECT_EQ(number(value, "admitted"), 2'000);
  EXPECT_EQ(number(value, "refused"), 0);
  EXPECT_TRUE(value.at("errors").as_object().empty()) << finished.out;
  EXPECT_GT(value.at("latency_us").at("p50").to_number<double>(), 0);
  HttpConnection connection(service.port());
  EXPECT_TRUE(contains(connection.get("/metrics").body, "rateguard_"));
}

TEST(BenchTest, TheServicesTextForAnErrorIsShown) {
  const TemporaryFolder folder;
  const Service service({"--config", folder.write("rules.yaml", "rules: [{name: login, per: ip, limit: 5/m}]\n"),
                         "--resp", "127.0.0.1:0", "--grpc", "127.0.0.1:0"});
  const std::string grpc = "grpc://127.0.0.1:" + std::to_string(service.grpc_port());
  const auto bench = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"bench", "--requests", "20", "--connections", "2"});
    return run(words);
  };
  EXPECT_TRUE(contains(bench({"--rule", "nope", http(service)}).out, "HTTP 404: ")) << "and the detail";
  EXPECT_TRUE(contains(bench({"--rule", "nope", http(service)}).out, "nope"));
  EXPECT_TRUE(contains(bench({"--rule", "login", http(service)}).out, "HTTP 400: ")) << "bench:1 is no address";
  EXPECT_TRUE(contains(bench({grpc}).out, "no rate limit configuration loaded"));
  EXPECT_TRUE(contains(bench({"--rule", "nope", redis(service)}).out, "ERR: ERR "));
  const json::value value = figures(bench({"--rule", "nope", "--json", "-", http(service)}));
  EXPECT_TRUE(contains(std::string(value.at("error_details").at("HTTP 404").as_string()), "nope"));
}

TEST(BenchTest, TheGrpcExampleOfTheDocumentsWorks) {
  const TemporaryFolder folder;
  const std::string limits = folder.write("edge.yaml",
                                          "domain: edge\ndescriptors:\n  - key: remote_address\n    rate_limit: {unit: "
                                          "second, requests_per_unit: 1000000}\n");
  const Service service({"--envoy-config", limits, "--grpc", "127.0.0.1:0"});
  const Finished finished = run({"bench", "--requests", "200", "--depth", "32", "--domain", "edge", "--descriptor",
                                 "remote_address", "grpc://127.0.0.1:" + std::to_string(service.grpc_port())});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
}

TEST(BenchTest, EveryRequestGetsADecisionOverResp) {
  const Service service({"--resp", "127.0.0.1:0"});
  ASSERT_NE(service.resp_port(), 0);
  const Finished finished =
      run({"bench", "--requests", "2000", "--connections", "3", "--depth", "16", "--json", "-", redis(service)});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_EQ(number(figures(finished), "admitted"), 2'000);
  const Finished ping = run({"bench", "--requests", "100", "--command", "PING", "--json", "-", redis(service)});
  EXPECT_EQ(number(figures(ping), "admitted"), 100);
  const Finished wrong =
      run({"bench", "--requests", "100", "--command", "NONSENSE {key}", "--json", "-", redis(service)});
  EXPECT_EQ(wrong.exit_code, 4) << "no decision at all";
  EXPECT_EQ(number(figures(wrong).at("errors"), "ERR"), 100);
}

TEST(BenchTest, TheShareOfRefusalsIsTheRequestedOne) {
  const Service service({"--resp", "127.0.0.1:0"});
  for (const std::string& target : {http(service), redis(service)}) {
    const Finished finished =
        run({"bench", "--requests", "4000", "--refused", "0.25", "--key-prefix", target + ":", "--json", "-", target});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_NEAR(static_cast<double>(number(figures(finished), "refused")), 1'000, 150) << target;
  }
}

TEST(BenchTest, AConfiguredRuleIsHeldByBothProtocols) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("rules.yaml", "rules: [{name: seven, per: user, limit: 7/h, algorithm: fixed_window}]\n");
  const Service service({"--config", file, "--resp", "127.0.0.1:0"});
  const Finished over_http = run({"bench", "--requests", "50", "--rule", "seven", "--keys", "hot", "--key-prefix", "h",
                                  "--json", "-", http(service)});
  const json::value answered = figures(over_http);
  EXPECT_EQ(number(answered, "admitted"), 7) << over_http.out;
  EXPECT_EQ(number(answered, "refused"), 43);
  const Finished over_resp = run({"bench", "--requests", "50", "--rule", "seven", "--keys", "hot", "--key-prefix", "r",
                                  "--json", "-", redis(service)});
  EXPECT_EQ(number(figures(over_resp), "admitted"), 7) << over_resp.out;
}

TEST(BenchTest, EnvoysServiceAnswersOverGrpc) {
  const TemporaryFolder folder;
  const std::string file = folder.write("limits.yaml",
                                        "domain: bench\n"
                                        "descriptors:\n"
                                        "  - {key: key, rate_limit: {unit: day, requests_per_unit: 5}}\n");
  const Service service({"--envoy-config", file, "--grpc", "127.0.0.1:0"});
  ASSERT_NE(service.grpc_port(), 0);
  const std::string target = "grpc://127.0.0.1:" + std::to_string(service.grpc_port());
  const Finished many = run({"bench", "--requests", "2000", "--connections", "3", "--depth", "16", "--keys", "unique",
                             "--json", "-", target});
  EXPECT_EQ(many.exit_code, 0) << many.out << many.err;
  EXPECT_EQ(number(figures(many), "admitted"), 2'000);
  const Finished hot =
      run({"bench", "--requests", "100", "--keys", "hot", "--key-prefix", "hot:", "--json", "-", target});
  EXPECT_EQ(number(figures(hot), "admitted"), 5) << hot.out;
  EXPECT_EQ(number(figures(hot), "refused"), 95);
  const Finished wrong = run({"bench", "--requests", "10", "--domain", "", "--json", "-", target});
  EXPECT_EQ(wrong.exit_code, 4) << wrong.out;
}

TEST(BenchTest, AnOpenLoopKeepsItsRateAndSaysHowLateItWas) {
  const Service service({});
  const Finished finished =
      run({"bench", "--rate", "500", "--duration", "1s", "--connections", "4", "--json", "-", http(service)});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const json::value value = figures(finished);
  EXPECT_EQ(value.at("mode").as_string(), "open");
  EXPECT_EQ(number(value, "asked"), 500);
  EXPECT_TRUE(value.at("lateness_us").as_object().contains("p99"));
}

TEST(BenchTest, TheTableIsForPeople) {
  const Service service({});
  const TemporaryFolder folder;
  const std::string out = folder.path() / "out.json";
  const Finished finished = run({"bench", "--requests", "100", "--json", out, http(service)});
  EXPECT_EQ(finished.exit_code, 0);
  for (const char* word : {"50 connections", "closed loop", "admitted", "100.00 %", "p99.9"}) {
    EXPECT_TRUE(contains(finished.out, word)) << word << '\n' << finished.out;
  }
  EXPECT_TRUE(contains(read_file(out), "\"decisions\":100")) << read_file(out);
  EXPECT_EQ(run({"bench", "--requests", "10", "--quiet", http(service)}).out, "");
}

TEST(BenchTest, ImpossibleOptionsAreReportedAtOnce) {
  const Service service({});
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"bench", "ftp://127.0.0.1"},
                                             {"bench", "--keys", "gauss:3"},
                                             {"bench", "--depth", "0"},
                                             {"bench", "--command", "PING", http(service)},
                                             {"bench", "--duration", "soon"}}) {
    const Finished finished = run(wrong);
    EXPECT_EQ(finished.exit_code, 2) << wrong.back();
    EXPECT_FALSE(finished.err.empty());
  }
  const Finished nobody = run({"bench", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.exit_code, 4);
  EXPECT_TRUE(contains(nobody.err, "127.0.0.1:1")) << nobody.err;
  EXPECT_EQ(run({"bench", "--requests", "10", http(service) + "/nowhere"}).exit_code, 4) << "only 404s";
}

}  // namespace
}  // namespace rateguard::test
