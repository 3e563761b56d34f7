// Both traces through `simulate`, under rules of every algorithm: each decision, and every figure of the report, must
// be the reference model's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "algorithm/reference_model_testing.h"
#include "config/config.h"
#include "simulate/plain_logs.h"
#include "simulate/simulate.h"
#include "store/memory/memory_store.h"
#include "support/traffic_generator.h"

namespace rateguard {
namespace {

using algorithm::ReferenceLimiter;
using test::PlainRequest;

// A rule as the test's own matcher understands it: all paths below `below`, counted by these.
struct PlainRule {
  std::string name;
  std::string below;  // empty: every path
  bool per_ip = false;
  bool per_route = false;
  Mode mode = Mode::kEnforce;
  std::string limit;  // the rest of the YAML
};

std::string yaml_of(const std::vector<PlainRule>& rules) {
  std::string out = "rules:\n";
  for (const PlainRule& rule : rules) {
    std::string per = rule.per_ip ? "ip" : "";
    if (rule.per_route) per += per.empty() ? "route" : ", route";
    if (per.empty()) per = "global";
    out += "  - {name: " + rule.name + ", per: [" + per + "], " + rule.limit;
    if (!rule.below.empty()) out += ", match: {path: \"" + rule.below + "/*\"}";
    if (rule.mode == Mode::kShadow) out += ", mode: shadow";
    out += "}\n";
  }
  return out;
}

// Decides all of a request's limits with reference models: all or nothing among the enforced, shadows on their own.
class ReferenceReplay {
 public:
  ReferenceReplay(std::vector<PlainRule> rules, std::span<const rules::Rule> compiled) : rules_(std::move(rules)) {
    for (const rules::Rule& rule : compiled) limits_.push_back(*rule.limit);
  }

  struct Judged {
    size_t rule = 0;
    std::string subject;
    Decision decision;
    bool charged = false;
  };

  bool decide(const PlainRequest& request, std::vector<Judged>& judged) {
    judged.clear();
    bool allowed = true;
    const Instant now{request.time_us};
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (!applies(rules_[i], request)) continue;
      const std::string subject = subject_of(rules_[i], request);
      auto& counter = counters_.try_emplace({i, subject}, limits_[i]).first->second;
      const bool fits = counter.decide({0}, now).remaining >= request.cost;
      if (rules_[i].mode == Mode::kEnforce) allowed = allowed && fits;
      judged.push_back({.rule = i, .subject = subject, .decision = {}, .charged = fits});
    }
    for (Judged& one : judged) {
      auto& counter = counters_.at({one.rule, one.subject});
      // What would fit but must not be charged stays unasked: its decision is an admission, of which only that is
      // compared.
      if (rules_[one.rule].mode == Mode::kEnforce && one.charged && !allowed) {
        one.charged = false;
        continue;
      }
      one.decision = counter.decide({request.cost}, now);
      EXPECT_EQ(one.decision.allowed(), one.charged);
    }
    return allowed;
  }

  const std::vector<PlainRule>& rules() const { return rules_; }

 private:
  static bool applies(const PlainRule& rule, const PlainRequest& request) {
    return rule.below.empty() || request.path == rule.below || request.path.starts_with(rule.below + "/");
  }
  static std::string subject_of(const PlainRule& rule, const PlainRequest& request) {
    std::string out;
    if (rule.per_ip) out = IpAddress::parse(request.client).value().masked_v6(64).to_string();
    if (rule.per_route) out += (out.empty() ? "" : " ") + request.path;
    return out.empty() ? "everyone" : out;
  }

  std::vector<PlainRule> rules_;
  std::vector<Limit> limits_;
  std::map<std::pair<size_t, std::string>, ReferenceLimiter> counters_;
};

// The same figures as a report's, counted from the reference.
struct PlainFigures {
  uint64_t requests = 0;
  uint64_t admitted = 0;
  uint64_t refused = 0;
  uint64_t refused_by_others = 0;
  uint64_t shadow_refused = 0;
  uint64_t cost_admitted = 0;
  std::map<std::string, uint64_t> refused_by_subject = {};
};

// Compares while the real replay runs.
class Comparer : public simulate::ReplayObserver {
 public:
  Comparer(const std::vector<PlainRequest>& requests, ReferenceReplay& reference)
      : requests_(requests), reference_(reference), figures_(reference.rules().size()) {}

  void before(size_t, const simulate::Event&, Store&) override {}

  void decided(size_t index, const simulate::Event& event, const rules::Matches&, const Outcome& outcome) override {
    const PlainRequest& request = requests_.at(index);
    const bool allowed = reference_.decide(request, judged_);
    bool same = event.time_us == request.time_us && event.cost() == request.cost && outcome.allowed() == allowed &&
                outcome.judged.size() == judged_.size();
    for (size_t i = 0; same && i < judged_.size(); ++i) same = agrees(outcome.judged[i], judged_[i], allowed);
    differences_ += !same;
    count(request, allowed);
  }

  size_t differences() const { return differences_; }
  const std::vector<PlainFigures>& figures() const { return figures_; }
  uint64_t admitted() const { return admitted_; }

 private:
  bool agrees(const Outcome::Judged& real, const ReferenceReplay::Judged& expected, bool allowed) const {
    if (real.rule != expected.rule) return false;
    const bool uncharged_admission =
        !allowed && real.mode == Mode::kEnforce && expected.decision == Decision{} && real.decision.allowed();
    if (uncharged_admission) return true;
    Decision decision = real.decision;
    decision.hold = {};  // a name, which the reference does not give
    return decision == expected.decision;
  }

  void count(const PlainRequest& request, bool allowed) {
    admitted_ += allowed;
    for (const ReferenceReplay::Judged& one : judged_) {
      PlainFigures& figures = figures_[one.rule];
      const bool shadow = reference_.rules()[one.rule].mode == Mode::kShadow;
      const bool refuses = !one.decision.allowed();
      ++figures.requests;
      uint64_t& refusals = figures.refused_by_subject[one.subject];
      refusals += refuses;
      figures.shadow_refused += shadow && refuses;
      if (allowed) {
        ++figures.admitted;
        figures.cost_admitted += request.cost;
      } else {
        ++(refuses && !shadow ? figures.refused : figures.refused_by_others);
      }
    }
  }

  const std::vector<PlainRequest>& requests_;
  ReferenceReplay& reference_;
  std::vector<ReferenceReplay::Judged> judged_;
  std::vector<PlainFigures> figures_;
  uint64_t admitted_ = 0;
  size_t differences_ = 0;
};

simulate::LineReader reader_of(const std::string& bytes) {
  return simulate::LineReader([&bytes, at = size_t{0}](char* out, size_t size) mutable -> Result<size_t> {
    const size_t count = std::min(size, bytes.size() - at);
    std::memcpy(out, bytes.data() + at, count);
    at += count;
    return count;
  });
}

void expect_report(const simulate::Report& report, const Comparer& reference, size_t requests) {
  EXPECT_EQ(report.rules.totals.requests, requests);
  EXPECT_EQ(report.rules.totals.admitted, reference.admitted());
  EXPECT_EQ(report.rules.evicted, 0u);
  for (size_t i = 0; i < report.rules.rules.size(); ++i) {
    const simulate::RuleReport& rule = report.rules.rules[i];
    const PlainFigures& expected = reference.figures()[i];
    SCOPED_TRACE(rule.name + ": " + rule.limit);
    EXPECT_EQ(rule.figures.requests, expected.requests);
    EXPECT_EQ(rule.figures.admitted, expected.admitted);
    EXPECT_EQ(rule.figures.refused, expected.refused);
    EXPECT_EQ(rule.figures.refused_by_others, expected.refused_by_others);
    EXPECT_EQ(rule.figures.shadow_refused, expected.shadow_refused);
    EXPECT_EQ(rule.figures.cost_admitted, expected.cost_admitted);
    EXPECT_EQ(rule.figures.requests, rule.figures.admitted + rule.figures.refused + rule.figures.refused_by_others);
    EXPECT_EQ(rule.subjects, expected.refused_by_subject.size());
    const auto hit =
        std::ranges::count_if(expected.refused_by_subject, [](const auto& entry) { return entry.second > 0; });
    EXPECT_EQ(rule.subjects_refused, static_cast<uint64_t>(hit));
    for (const simulate::SubjectReport& subject : rule.most_refused) {
      const auto found = expected.refused_by_subject.find(subject.name);
      ASSERT_NE(found, expected.refused_by_subject.end()) << subject.name;
      EXPECT_EQ(subject.refused, found->second) << subject.name;
    }
  }
}

void expect_equal_to_reference(const std::string& bytes, const std::vector<PlainRequest>& requests,
                               std::string_view columns, const std::vector<PlainRule>& rules) {
  auto config = config::parse(yaml_of(rules), "test.yaml");
  ASSERT_TRUE(config) << config.error().to_string() << "\n" << yaml_of(rules);
  const auto compiled = rules::RuleSet::compile(config->rules);
  ASSERT_TRUE(compiled) << compiled.error().to_string();
  const auto identifier = identify::Identifier::create(config->identity);
  const simulate::Scenario scenario{.name = "test.yaml", .policy = {.rules = *compiled, .identifier = *identifier}};

  simulate::Recording recording;
  simulate::ReadSummary summary;
  simulate::LineReader lines = reader_of(bytes);
  const auto read =
      simulate::read_log(lines, "trace", {.columns = simulate::ColumnMap::parse(columns).value()}, recording, summary);
  ASSERT_TRUE(read) << read.error().to_string();
  ASSERT_EQ(summary.malformed(), 0u);
  recording.sort();
  ASSERT_EQ(recording.events().size(), requests.size());

  ReferenceReplay reference(rules, (*compiled)->rules());
  Comparer comparer(requests, reference);
  const auto store = MemoryStore::create({.max_keys = 1'000'000}).value();
  simulate::ReplayObserver* const observers[] = {&comparer};
  simulate::replay(recording, scenario.policy, *store, {}, observers);
  EXPECT_EQ(comparer.differences(), 0u) << yaml_of(rules);

  const simulate::Report report = simulate::simulate(recording, scenario, nullptr, simulate::Detail::kPlots, {});
  expect_report(report, comparer, requests.size());
  EXPECT_GT(report.rules.totals.refused, 0u) << "these rules prove nothing";
}

// Rules that refuse a part of the trace's requests, by algorithm.
struct AlgorithmCase {
  std::string name;
  std::string tight;   // for an address
  std::string route;   // for an address on one path
  std::string shared;  // for everyone
  std::string tokens;  // for the LLM trace
};

void PrintTo(const AlgorithmCase& one, std::ostream* out) {
  *out << one.name;
}

const std::vector<AlgorithmCase>& algorithms() {
  static const std::vector<AlgorithmCase> cases = {
      {"token_bucket", "capacity: 8, refill: 20/m", "capacity: 1, refill: 2/m", "capacity: 40, refill: 3/s",
       "capacity: 60000, refill: 400000/m"},
      {"gcra", "limit: 20/m burst 6", "limit: 2/m burst 1", "limit: 3/s burst 40", "limit: 400000/m burst 60000"},
      {"leaky_bucket", "limit: 20/m, queue: 6", "limit: 2/m, queue: 2", "limit: 3/s, queue: 40",
       "limit: 400000/m, queue: 60000"},
      {"fixed_window", "limit: 15/m", "limit: 2/h", "limit: 90/m", "limit: 300000/m"},
      {"sliding_window_log", "limit: 15/m", "limit: 2/h", "limit: 90/m", "limit: 300000/m"},
      {"sliding_window_counter", "limit: 15/m", "limit: 2/h", "limit: 90/m", "limit: 300000/m"},
      {"concurrency", "limit: 10, hold: 30s", "limit: 1, hold: 5m", "limit: 60, hold: 40s", "limit: 100000, hold: 10s"},
  };
  return cases;
}

class EveryAlgorithm : public testing::TestWithParam<AlgorithmCase> {
 protected:
  static std::string with_algorithm(const std::string& limit) { return "algorithm: " + GetParam().name + ", " + limit; }
};

TEST_P(EveryAlgorithm, DecidesTheWebServersTraceAsTheReferenceDoes) {
  static const test::Trace trace = test::find_trace("apache_access.log");
  static const std::vector<PlainRequest> requests = test::read_access_log(trace.bytes);
  expect_equal_to_reference(
      trace.bytes, requests, "",
      {{.name = "address", .below = "", .per_ip = true, .limit = with_algorithm(GetParam().tight)},
       {.name = "route",
        .below = "/presentations",
        .per_ip = true,
        .per_route = true,
        .limit = with_algorithm(GetParam().route)},
       {.name = "shared", .below = "", .mode = Mode::kShadow, .limit = with_algorithm(GetParam().shared)},
       {.name = "images", .below = "/images", .per_ip = true, .limit = "limit: 10/m"}});
}

TEST_P(EveryAlgorithm, DecidesTheLlmTraceAsTheReferenceDoes) {
  static const test::Trace trace = test::find_trace("llm_code_trace.csv");
  static const std::vector<PlainRequest> requests = test::read_llm_trace(trace.bytes);
  expect_equal_to_reference(
      trace.bytes, requests, "time=TIMESTAMP,cost=ContextTokens+GeneratedTokens",
      {{.name = "tokens", .below = "", .limit = with_algorithm(GetParam().tokens)},
       {.name = "hour", .below = "", .limit = "limit: 8000000, window: 1h, algorithm: sliding_window_log"},
       {.name = "planned",
        .below = "",
        .mode = Mode::kShadow,
        .limit = "limit: 50000, window: 10s, algorithm: sliding_window_counter"}});
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryAlgorithm, testing::ValuesIn(algorithms()),
                         [](const auto& case_info) { return case_info.param.name; });

TEST(GeneratedTraffic, IsTheSameForTheSameSeed) {
  EXPECT_EQ(test::generate_access_log({.requests = 500}), test::generate_access_log({.requests = 500}));
  EXPECT_NE(test::generate_access_log({.requests = 500}), test::generate_access_log({.seed = 2, .requests = 500}));
  // The plain readers and the real ones take it, so the tests above mean something without the traces.
  EXPECT_EQ(test::read_access_log(test::generate_access_log({.requests = 500})).size(), 500u);
  EXPECT_EQ(test::read_llm_trace(test::generate_llm_trace({.requests = 500})).size(), 500u);
}

}  // namespace
}  // namespace rateguard
