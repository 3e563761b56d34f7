// RuleSet::match against a matcher that is slow and plainly right.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>

#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> segments;
  std::string segment;
  for (const char c : path.substr(0, path.find('?')) + "/") {
    if (c != '/') {
      segment += c;
    } else if (!segment.empty()) {
      segments.push_back(std::exchange(segment, ""));
    }
  }
  return segments;
}

// For paths and patterns whose segments are plain letters.
bool path_matches(const std::string& pattern, const std::string& path) {
  auto want = split(pattern);
  const auto have = split(path);
  const bool prefix = !want.empty() && want.back() == "*";
  if (prefix) want.pop_back();
  if (prefix ? have.size() < want.size() : have.size() != want.size()) return false;
  for (size_t i = 0; i < want.size(); ++i) {
    if (want[i].front() != '{' && want[i] != have[i]) return false;
  }
  return true;
}

bool host_matches(const std::string& pattern, const std::string& host) {
  return pattern.starts_with("*.") ? host.size() >= pattern.size() && host.ends_with(pattern.substr(1))
                                   : host == pattern;
}

template <typename Matches>
bool none_or_any(const std::vector<std::string>& wanted, Matches matches) {
  return wanted.empty() || std::ranges::any_of(wanted, matches);
}

std::vector<RuleId> slow_match(std::span<const Rule> rules, const std::string& method, const std::string& host,
                               const std::string& path) {
  std::vector<RuleId> found;
  for (RuleId id = 0; id < rules.size(); ++id) {
    const Match& match = rules[id].match;
    if (rules[id].mode != RuleMode::kOff && none_or_any(match.methods, [&](const auto& m) { return m == method; }) &&
        none_or_any(match.hosts, [&](const auto& h) { return host_matches(h, host); }) &&
        none_or_any(match.paths, [&](const auto& p) { return path_matches(p, path); })) {
      found.push_back(id);
    }
  }
  return found;
}

std::vector<RuleId> fast_match(const RuleSet& set, const std::string& method, const std::string& host,
                               const std::string& path, Matches& matches) {
  set.match({.method = method, .path = path, .host = host}, {}, Instant{}, matches);
  std::vector<RuleId> found;
  for (const auto& limit : matches.limits()) found.push_back(limit.rule);
  return found;
}

const std::vector<std::string> kSegments = {"a", "b", "c", "users", "api"};
const std::vector<std::string> kMethods = {"GET", "POST", "DELETE"};
const std::vector<std::string> kHosts = {"x.test", "a.x.test", "b.a.x.test", "y.test"};
const std::vector<std::string> kHostPatterns = {"x.test", "a.x.test", "*.x.test", "*.test", "y.test"};

template <typename T>
std::vector<T> some_of(const std::vector<T>& from, size_t most) {
  std::vector<T> picked;
  const auto count = *rc::gen::inRange<size_t>(0, most + 1);
  for (size_t i = 0; i < count; ++i) picked.push_back(*rc::gen::elementOf(from));
  return picked;
}

std::string any_path() {
  std::string path;
  for (const auto& segment : some_of(kSegments, 4)) path += (*rc::gen::inRange(0, 8) == 0 ? "//" : "/") + segment;
  if (*rc::gen::inRange(0, 4) == 0) path += "/";
  if (*rc::gen::inRange(0, 4) == 0) path += "?q=/a";
  return path.starts_with('/') ? path : "/" + path;
}

std::string any_pattern() {
  std::string pattern;
  for (const auto& segment : some_of(kSegments, 4)) pattern += "/" + (*rc::gen::inRange(0, 3) == 0 ? "{x}" : segment);
  if (*rc::gen::inRange(0, 3) == 0) pattern += "/*";
  return pattern.empty() ? "/" : pattern;
}

std::vector<Rule> any_rules() {
  std::vector<Rule> rules(*rc::gen::inRange<size_t>(0, 60));
  for (size_t i = 0; i < rules.size(); ++i) {
    rules[i].name = "r" + std::to_string(i);
    rules[i].match.methods = some_of(kMethods, 1);
    rules[i].match.hosts = some_of(kHostPatterns, 2);
    const auto paths = *rc::gen::inRange(0, 3);
    for (int p = 0; p < paths; ++p) rules[i].match.paths.push_back(any_pattern());
    rules[i].limit = Limit::fixed_window(1, Duration::seconds(1)).value();
    if (*rc::gen::inRange(0, 10) == 0) rules[i].mode = RuleMode::kOff;
  }
  return rules;
}

TEST(RuleSetProperty, AgreesWithTheSlowMatcher) {
  EXPECT_TRUE(rc::check("same rules, same order", [] {
    const auto set = RuleSet::compile(any_rules()).value();
    Matches matches;
    for (int i = 0; i < 20; ++i) {
      const std::string method = *rc::gen::elementOf(kMethods);
      const std::string host = *rc::gen::elementOf(kHosts);
      const std::string path = any_path();
      RC_LOG() << method << ' ' << host << ' ' << path << '\n';
      RC_ASSERT(fast_match(*set, method, host, path, matches) == slow_match(set->rules(), method, host, path));
    }
  }));
}

TEST(RuleSetProperty, AgreesWithTheSlowMatcherOver10000Rules) {
  std::vector<Rule> rules;
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    const std::string group = std::to_string(i % 37);
    const std::string paths[] = {"/" + n, "/g" + group + "/" + n, "/g" + group + "/{id}/" + n,
                                 "/g" + group + "/" + n + "/*"};
    rules.push_back({.name = "r" + n,
                     .match = {.paths = {paths[i % 4]}},
                     .limit = Limit::fixed_window(1, Duration::seconds(1)).value()});
  }
  const auto set = RuleSet::compile(std::move(rules)).value();
  Matches matches;
  for (int i = 0; i < 10'000; i += 61) {
    const std::string n = std::to_string(i);
    const std::string group = std::to_string(i % 37);
    for (const std::string& path :
         {"/" + n, "/g" + group + "/" + n, "/g" + group + "/x/" + n, "/g" + group + "/" + n + "/x/y"}) {
      EXPECT_EQ(fast_match(*set, "GET", "", path, matches), slow_match(set->rules(), "GET", "", path)) << path;
    }
  }
}

TEST(RuleSetProperty, DifferentSubjectsNeverShareAKey) {
  EXPECT_TRUE(rc::check("keys are equal only where all parts are", [] {
    const auto text = rc::gen::container<std::string>(rc::gen::element('a', '\0', '\1', '/'));
    Rule rule{.name = "r",
              .per = {Part{.kind = PartKind::kUser}, Part{.kind = PartKind::kWorkspace}},
              .limit = Limit::fixed_window(1, Duration::seconds(1)).value(),
              .missing = Missing::kIp};
    const auto set = RuleSet::compile({rule}).value();
    const auto ip = IpAddress::parse("97.0.1.47");
    const auto key = [&](const std::string& user, const std::string& workspace) {
      Matches matches;
      set->match({}, {.ip = ip, .user = user, .workspace = workspace}, Instant{}, matches);
      return std::string(matches.limits()[0].key);
    };
    const std::string users[] = {*text, *text};
    const std::string workspaces[] = {*text, *text};
    RC_ASSERT((key(users[0], workspaces[0]) == key(users[1], workspaces[1])) ==
              (users[0] == users[1] && workspaces[0] == workspaces[1]));
  }));
}

}  // namespace
}  // namespace rateguard::rules
