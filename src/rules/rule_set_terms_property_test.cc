// RuleSet::match with every condition, groups, exemptions, names and costs, against a matcher that is slow and plainly
// right.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

using Kind = ValueCondition::Kind;

// A request in the plainest form: paths are lists of one-letter segments, hosts lists of labels.
struct Plain {
  std::string method;
  std::string host;
  std::string path;
  std::string address;
  std::string user;
  std::string plan;
  std::string tier;  // the header X-Tier
  std::string cost;  // the header X-Cost
  int hour = 0;      // since a Monday's midnight, less than a week
};

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + separator) {
    if (c != separator) {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::exchange(part, ""));
    }
  }
  return parts;
}

bool fits_path(const std::string& pattern, const std::string& path) {
  const auto want = parts_of(pattern, '/');
  const auto have = parts_of(path, '/');
  for (size_t i = 0; i < want.size(); ++i) {
    if (want[i] == "*") return true;
    if (i >= have.size() || (want[i].front() != '{' && want[i] != have[i])) return false;
  }
  return want.size() == have.size();
}

bool fits_host(const std::string& pattern, const std::string& host) {
  if (!pattern.starts_with("*.")) return pattern == host;
  return host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
}

template <typename Fits>
bool any_fits(const std::vector<std::string>& wanted, Fits fits) {
  return std::ranges::any_of(wanted, fits);
}

std::string value_in(const Plain& request, const Part& part) {
  if (part.kind == PartKind::kUser) return request.user;
  return part.kind == PartKind::kPlan ? request.plan : request.tier;
}

bool condition_holds(const ValueCondition& condition, const Plain& request) {
  const std::string value = value_in(request, condition.of);
  const bool listed = any_fits(condition.values, [&](const auto& one) { return one == value; });
  switch (condition.kind) {
    case Kind::kOneOf:
      return listed;
    case Kind::kNoneOf:
      return !listed;
    case Kind::kPresent:
      return !value.empty();
    case Kind::kAbsent:
      return value.empty();
  }
  return false;
}

// Hour by hour from the begin of each of its days.
bool is_inside(const WeeklySpan& span, int hour) {
  for (int day = 0; day < 7; ++day) {
    if ((span.days >> day & 1) == 0) continue;
    const int end = span.end_s / 3'600 + (span.end_s > span.begin_s ? 0 : 24);
    for (int inside = span.begin_s / 3'600; inside < end; ++inside) {
      if ((day * 24 + inside) % (7 * 24) == hour) return true;
    }
  }
  return false;
}

bool plainly_matches(const Match& match, const Plain& request) {
  const auto is_method = [&](const std::string& one) { return one == request.method; };
  const auto is_host = [&](const std::string& one) { return fits_host(one, request.host); };
  const auto is_path = [&](const std::string& one) { return fits_path(one, request.path); };
  const auto holds_address = [&](const IpPrefix& one) { return one.contains(*IpAddress::parse(request.address)); };
  return (match.methods.empty() || any_fits(match.methods, is_method)) &&
         (match.hosts.empty() || any_fits(match.hosts, is_host)) &&
         (match.paths.empty() || any_fits(match.paths, is_path)) && !any_fits(match.except.methods, is_method) &&
         !any_fits(match.except.hosts, is_host) && !any_fits(match.except.paths, is_path) &&
         (match.address.inside.empty() || std::ranges::any_of(match.address.inside, holds_address)) &&
         std::ranges::none_of(match.address.outside, holds_address) &&
         (match.when.empty() ||
          std::ranges::any_of(match.when, [&](const auto& span) { return is_inside(span, request.hour); })) &&
         std::ranges::all_of(match.values, [&](const auto& one) { return condition_holds(one, request); });
}

// The smaller, the more specific: host, path, method, number of conditions, place in the file.
using Rank = std::tuple<size_t, std::vector<int>, bool, int, RuleId>;

Rank rank_of(RuleId id, const Rule& rule, const Plain& request) {
  constexpr size_t kNoHost = 1'000'000;
  size_t host = kNoHost;
  for (const std::string& one : rule.match.hosts) {
    if (fits_host(one, request.host)) host = std::min(host, one.starts_with("*.") ? 1'000 - one.size() : 0);
  }
  std::vector<int> path = {9};
  for (const std::string& one : rule.match.paths) {
    if (!fits_path(one, request.path)) continue;
    std::vector<int> classes;
    for (const std::string& segment : parts_of(one, '/'))
      classes.push_back(segment == "*" ? 2 : segment[0] == '{' ? 1 : 0);
    if (classes.empty() || classes.back() != 2) classes.push_back(0);
    path = std::min(path, classes);
  }
  const Match& match = rule.match;
  const int conditions = static_cast<int>(match.values.size()) + !match.except.methods.empty() +
                         !match.except.hosts.empty() + !match.except.paths.empty() + !match.address.inside.empty() +
                         !match.address.outside.empty() + !match.when.empty();
  return {host, path, match.methods.empty(), -conditions, id};
}

std::optional<Limit> plain_limit(const Rule& rule, const Plain& request) {
  if (rule.by_subject != nullptr) {
    for (const auto& [name, limit] : rule.by_subject->subjects) {
      if (name == request.user) return rule.by_subject->limits[limit];
    }
  }
  return rule.limit;
}

uint64_t plain_cost(const RuleCost& cost, const Plain& request) {
  if (!cost.header.empty() && !request.cost.empty() &&
      request.cost.find_first_not_of("0123456789") == std::string::npos) {
    return std::clamp<uint64_t>(std::stoull(request.cost), 1, cost.header_max);
  }
  const RuleCost::OfPath* nearest = nullptr;
  for (const RuleCost::OfPath& one : cost.by_path) {
    if (!fits_path(one.path, request.path)) continue;
    const auto rank = [&](const RuleCost::OfPath& of) {
      return rank_of(0, {.name = "", .match = {.paths = {of.path}}}, request);
    };
    if (nearest == nullptr || rank(one) < rank(*nearest)) nearest = &one;
  }
  if (nearest != nullptr) return nearest->units;
  for (const auto& [method, units] : cost.by_method) {
    if (method == request.method) return units;
  }
  return cost.units;
}

// What is said of a request: the rules that apply with limit and cost, or the one that exempts, or the one that
// rejects.
std::vector<std::string> plainly_said(std::span<const Rule> rules, const Plain& request) {
  std::vector<RuleId> matching;
  for (RuleId id = 0; id < rules.size(); ++id) {
    if (rules[id].mode == RuleMode::kOff || !plainly_matches(rules[id].match, request)) continue;
    if (rules[id].exempts()) return {"+" + rules[id].name};
    matching.push_back(id);
  }
  const auto lacks_user = [&](const Rule& rule) { return !rule.per.empty() && request.user.empty(); };
  const auto is_silent = [&](const Rule& rule) {
    return plain_limit(rule, request) && lacks_user(rule) && rule.missing == Missing::kSkip;
  };
  std::erase_if(matching, [&](RuleId id) {
    if (rules[id].group.empty()) return false;
    return std::ranges::any_of(matching, [&](RuleId other) {
      const bool may_replace = rules[id].mode == RuleMode::kShadow || rules[other].mode == RuleMode::kEnforce;
      return rules[other].group == rules[id].group && may_replace && !is_silent(rules[other]) &&
             rank_of(other, rules[other], request) < rank_of(id, rules[id], request);
    });
  });
  std::vector<std::string> said;
  std::string rejected;
  for (const RuleId id : matching) {
    const Rule& rule = rules[id];
    const auto limit = plain_limit(rule, request);
    if (!limit) continue;
    if (!lacks_user(rule)) {
      said.push_back(rule.name + " " + std::to_string(limit->capacity) + " " +
                     std::to_string(plain_cost(rule.cost, request)));
    } else if (rule.missing == Missing::kReject && rule.mode == RuleMode::kEnforce && rejected.empty()) {
      rejected = "-" + rule.name;
    }
  }
  if (!rejected.empty()) said.push_back(rejected);
  return said;
}

std::vector<std::string> said(const RuleSet& set, const Plain& request, Matches& matches) {
  std::vector<Header> headers;
  if (!request.tier.empty()) headers.push_back({.name = "x-tier", .value = request.tier});
  if (!request.cost.empty()) headers.push_back({.name = "x-cost", .value = request.cost});
  const auto address = IpAddress::parse(request.address);
  const Instant wall = Instant::from_seconds(1'704'067'200 + request.hour * 3'600);  // 2024-01-01, a Monday
  set.match({.method = request.method, .path = request.path, .host = request.host, .headers = headers},
            {.ip = address->masked_v6(64), .address = address, .user = request.user, .plan = request.plan}, wall,
            matches);
  if (matches.exempted_by()) return {"+" + set.rules()[*matches.exempted_by()].name};
  std::vector<std::string> out;
  for (const MatchedLimit& limit : matches.limits()) {
    out.push_back(set.rules()[limit.rule].name + " " + std::to_string(limit.limit->capacity) + " " +
                  std::to_string(limit.cost.units));
  }
  if (matches.rejected_by()) out.push_back("-" + set.rules()[*matches.rejected_by()].name);
  return out;
}

template <typename T>
T any_of_these(std::initializer_list<T> from) {
  return *rc::gen::elementOf(std::vector<T>(from));
}

bool one_in(int n) {
  return *rc::gen::inRange(0, n) == 0;
}

std::vector<std::string> up_to(size_t most, std::initializer_list<std::string> from) {
  std::vector<std::string> picked;
  for (auto left = *rc::gen::inRange<size_t>(0, most + 1); left > 0; --left) picked.push_back(any_of_these(from));
  return picked;
}

std::vector<std::string> any_patterns(size_t most) {
  std::vector<std::string> patterns;
  for (auto left = *rc::gen::inRange<size_t>(0, most + 1); left > 0; --left) {
    std::string pattern;
    for (auto segments = *rc::gen::inRange(0, 4); segments > 0; --segments) {
      pattern += "/" + any_of_these<std::string>({"a", "b", "{x}"});
    }
    if (one_in(3)) pattern += "/*";
    patterns.push_back(pattern.empty() ? "/" : pattern);
  }
  return patterns;
}

std::vector<IpPrefix> any_prefixes() {
  std::vector<IpPrefix> prefixes;
  for (const std::string& text : up_to(2, {"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1", "2001:db8::/32", "2001:db8::1"})) {
    prefixes.push_back(IpPrefix::parse(text).value());
  }
  return prefixes;
}

Match any_match() {
  Match match{.methods = up_to(1, {"GET", "POST"}),
              .hosts = up_to(2, {"x.t", "y.x.t", "*.t", "*.x.t"}),
              .paths = any_patterns(2)};
  if (one_in(4))
    match.except = {.methods = up_to(1, {"GET", "PUT"}), .hosts = up_to(1, {"*.x.t"}), .paths = any_patterns(1)};
  if (one_in(3)) match.address = {.inside = any_prefixes(), .outside = any_prefixes()};
  for (auto left = *rc::gen::inRange(0, 3); left > 0; --left) {
    ValueCondition condition{.of = {.kind = any_of_these({PartKind::kUser, PartKind::kPlan, PartKind::kHeader})},
                             .kind = any_of_these({Kind::kOneOf, Kind::kNoneOf, Kind::kPresent, Kind::kAbsent})};
    if (condition.of.kind == PartKind::kHeader) condition.of.name = "X-Tier";
    if (condition.kind == Kind::kOneOf || condition.kind == Kind::kNoneOf) condition.values = up_to(2, {"u", "v", "w"});
    match.values.push_back(std::move(condition));
  }
  for (auto left = one_in(4) ? *rc::gen::inRange(1, 3) : 0; left > 0; --left) {
    const int begin = *rc::gen::inRange(0, 24);
    const int end = (begin + *rc::gen::inRange(1, 24)) % 24;
    match.when.push_back(
        {.days = static_cast<DaySet>(*rc::gen::inRange(1, 128)), .begin_s = begin * 3'600, .end_s = end * 3'600});
  }
  return match;
}

Limit some_limit_of(uint32_t units) {
  return Limit::fixed_window(units, Duration::seconds(1)).value();
}

Rule any_rule(size_t number) {
  Rule rule{.name = "r" + std::to_string(number), .match = any_match(), .limit = some_limit_of(5)};
  if (one_in(2)) rule.group = any_of_these<std::string>({"g", "h"});
  if (one_in(2)) rule.per = {Part{.kind = PartKind::kUser}};
  rule.missing = any_of_these({Missing::kReject, Missing::kSkip});
  rule.mode =
      any_of_these({RuleMode::kEnforce, RuleMode::kEnforce, RuleMode::kEnforce, RuleMode::kShadow, RuleMode::kOff});
  if (one_in(6)) {
    rule.limit.reset();
    rule.unlimited = true;
  }
  if (!rule.per.empty() && one_in(3)) {
    rule.by_subject = std::make_shared<const SubjectLimits>(
        SubjectLimits{.limits = {some_limit_of(7), std::nullopt}, .subjects = {{"u", 0}, {"w", 1}}});
  }
  if (one_in(3)) {
    rule.cost = {.by_path = {{"/a/*", 3}, {"/a/{x}", 4}, {"/{x}/b", 5}}, .by_method = {{"POST", 6}}, .units = 2};
    if (one_in(2)) rule.cost.header = "X-Cost";
    rule.cost.header_max = 100;
  }
  return rule;
}

Plain any_request() {
  std::string path;
  for (auto segments = *rc::gen::inRange(0, 4); segments > 0; --segments)
    path += "/" + any_of_these<std::string>({"a", "b", "c"});
  return {.method = any_of_these<std::string>({"GET", "POST", "PUT"}),
          .host = any_of_these<std::string>({"x.t", "y.x.t", "z.y.x.t", "t"}),
          .path = path.empty() ? "/" : path,
          .address = any_of_these<std::string>(
              {"10.1.1.1", "10.1.2.3", "10.2.0.1", "11.0.0.1", "2001:db8::1", "2001:db8::2", "::1"}),
          .user = any_of_these<std::string>({"", "u", "v", "w"}),
          .plan = any_of_these<std::string>({"", "u", "v"}),
          .tier = any_of_these<std::string>({"", "u", "v"}),
          .cost = any_of_these<std::string>({"", "0", "42", "1000", "-1", "x"}),
          .hour = *rc::gen::inRange(0, 7 * 24)};
}

TEST(RuleSetTermsProperty, AgreesWithTheSlowMatcher) {
  EXPECT_TRUE(rc::check("the same rules, limits and costs", [] {
    std::vector<Rule> rules;
    for (auto left = *rc::gen::inRange<size_t>(0, 12); left > 0; --left) {
      Rule rule = any_rule(rules.size());
      if (RuleSet::compile({rule})) rules.push_back(std::move(rule));  // some contradict themselves
    }
    const auto set = RuleSet::compile(std::move(rules)).value();
    Matches matches;
    for (int i = 0; i < 30; ++i) {
      const Plain request = any_request();
      const auto expected = plainly_said(set->rules(), request);
      RC_LOG() << request.method << ' ' << request.host << request.path << ' ' << request.address << " user "
               << request.user << " plan " << request.plan << " tier " << request.tier << '\n';
      RC_ASSERT(said(*set, request, matches) == expected);
    }
  }));
}

}  // namespace
}  // namespace rateguard::rules
