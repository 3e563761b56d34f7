// What is proposed for any log loads, and refuses what it is said to.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/config.h"
#include "rules/rule_warnings.h"
#include "simulate/recording.h"
#include "simulate/scenario.h"
#include "simulate/simulate.h"
#include "suggest/suggest.h"

namespace rateguard::suggest {
namespace {

using Texts = std::vector<std::string>;

constexpr int64_t kBegin = 1'700'006'400;  // a whole minute and hour

// Pieces of paths, which clients send, and which come near to a pattern of a rule.
const Texts& pieces() {
  static const Texts all = {"api",  "v1", "items", "17",  "a8098c1a-f86e-11da-bd1a-00112444be1e",
                            "{id}", "{",  "*",     ":id", "..",
                            ".",    "",   "a b",   "%2F", "%zz",
                            "é",    "\"", "'",     "#",   "?q=1",
                            "a,",   "/",  "\\",    "<x>", "(a|b)",
                            "$",    "^",  "~",     "_",   "+",
                            "!",    "\t", "x=1;y", "-",   std::string(600, 'p')};
  return all;
}

std::string join(const Texts& parts) {
  std::string path;
  for (const std::string& part : parts) path += "/" + part;
  return path;
}

rc::Gen<std::string> any_path() {
  const auto piece = rc::gen::elementOf(pieces());
  return rc::gen::oneOf(rc::gen::map(rc::gen::container<Texts>(piece), join),
                        rc::gen::map(piece, [](const std::string& part) { return "/" + part; }),
                        rc::gen::map(piece, [](const std::string& part) { return "/" + part + "/login"; }));
}

// JSON lines of random callers.
class AnyLog {
 public:
  std::string make() {
    const Texts paths = *rc::gen::resize(6, rc::gen::nonEmpty(rc::gen::container<Texts>(any_path())));
    const int callers = *rc::gen::inRange(1, 40);
    for (int caller = 0; caller < callers; ++caller) add_caller(caller, paths);
    // Beside a busy page every other route may have a limit of its own, if it has requests enough.
    for (const std::string& path : paths) {
      for (int i = 0; i < 400; ++i) add(i * 15, i % 20, {.path = path});
    }
    for (int i = 0; i < 2'000; ++i) add(i / 20, i % 20, {.path = "/"});
    return std::move(text_);
  }

 private:
  struct Request {
    std::string method = "GET";
    std::string path;
    std::string user = {};
  };

  void add_caller(int caller, const Texts& paths) {
    static const Texts methods = {"GET", "POST", "PUT", "-",   "",    "P=T",
                                  "get", "*",    "ALL", "ANY", "a|b", std::string(40, 'M')};
    static const Texts users = {"", "-", "ann", "'", "{x: y}", "a\nb", "é"};
    const std::string user = *rc::gen::elementOf(users);
    const int bursts = *rc::gen::inRange(1, 4);
    for (int burst = 0; burst < bursts; ++burst) {
      const int begin = *rc::gen::inRange(0, 7'200);
      const int count = *rc::gen::elementOf(std::vector<int>{1, 3, 20, 150});
      const Request request{.method = *rc::gen::elementOf(methods), .path = *rc::gen::elementOf(paths), .user = user};
      for (int i = 0; i < count; ++i) add(begin + i / 5, caller, request);
    }
  }

  void add(int second, int caller, const Request& request) {
    // Whole seconds: the requests of one are spread over it by how many there are, of all callers, though only those
    // that may be refused are simulated for the proposal.
    text_ += boost::json::serialize(boost::json::object{{"time", fmt::format("{}", kBegin + second)},
                                                        {"ip", fmt::format("10.0.0.{}", caller)},
                                                        {"method", request.method},
                                                        {"path", request.path},
                                                        {"user", request.user}}) +
             "\n";
  }

  std::string text_;
};

// A file that goes with it.
class LogFile {
 public:
  explicit LogFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / fmt::format("rateguard_any_log_{}.jsonl", getpid())) {
    std::ofstream(path_) << text;
  }
  ~LogFile() { std::filesystem::remove(path_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

RC_GTEST_PROP(Suggest, ProposesRulesThatLoadAndRefuseWhatItSaysOfAnyLog, ()) {
  const LogFile log(AnyLog().make());
  const auto suggestion = run({.logs = {log.path()}, .headroom = {.factor = 1}}, {});
  RC_ASSERT(suggestion.has_value());
  const auto config = config::parse(suggestion->yaml, "rules.yaml");
  if (!config) RC_FAIL(config.error().to_string() + "\n" + suggestion->yaml);
  RC_ASSERT(rules::rule_warnings(config->rules).empty());
  const auto scenario = simulate::Scenario::parse(suggestion->yaml, "rules.yaml");
  simulate::Recording recording;
  const simulate::ReadOptions read{.wanted_headers = scenario->wanted_headers()};
  RC_ASSERT(simulate::read_logs(Texts{log.path()}, read, {}, recording).has_value());
  const simulate::Report report = simulate::simulate(recording, *scenario, nullptr, simulate::Detail::kRules, {});
  RC_ASSERT(suggestion->refused == report.rules.totals.refused);
  for (size_t i = 0; i < suggestion->rules.size(); ++i) {
    const simulate::RuleReport& said = (*suggestion->verdicts)[i];
    RC_ASSERT(said.figures.refused == report.rules.rules[i].figures.refused);
    RC_ASSERT(said.subjects_refused == report.rules.rules[i].subjects_refused);
  }
}

}  // namespace
}  // namespace rateguard::suggest
