#include "suggest/proposal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "rules/path_pattern.h"
#include "rules/rule_check.h"
#include "simulate/report.h"

namespace rateguard::suggest {
namespace {

using simulate::count_text;

// Lower limits would refuse ordinary people now and then without protecting better.
constexpr uint32_t kLoginLimitMin = 5;
constexpr uint32_t kLimitMin = 10;
constexpr size_t kLoginRulesMax = 8;
constexpr size_t kRouteRulesMax = 6;
// A route with less than this share of the requests needs no limit of its own, nor one with fewer requests.
constexpr double kRouteShareMin = 0.02;
constexpr uint64_t kRouteRequestsMin = 200;
constexpr uint64_t kLoginRequestsMin = 10;
// A second rule is useful only if its limit is at most this share of the first one's.
constexpr double kTighterShare = 0.5;
// The share of requests that must name a user or a key for a limit by it.
constexpr double kNamedShareMin = 0.01;
constexpr uint64_t kNamedCallersMin = 5;

std::vector<uint32_t> peaks_of(const PeakTable& table, WindowLength window) {
  std::vector<uint32_t> out;
  out.reserve(table.size());
  table.for_each([&](const SubjectPeaks& peaks) {
    out.push_back(window == WindowLength::kMinute ? peaks.minute_peak : peaks.hour_peak);
  });
  return out;
}

// A name from a path: "/api/v1/items/*" is "api-v1-items".
std::string name_of(std::string_view prefix, std::string_view path) {
  std::string out(prefix);
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "path" : out.substr(0, 60);  // "/_/*" has no letter
}

// Collects rules under names that are all different.
class Rules {
 public:
  explicit Rules(Headroom headroom) : headroom_(headroom) {}

  // Sets the limit of a rule from what its callers did.
  void measure(ProposedRule& rule, uint32_t limit_min) const {
    rule.spread = spread_of(peaks_of(*rule.callers, rule.window), rule.callers->one_in());
    rule.limit = std::max(limit_min, round_up(headroom_.factor * rule.spread.p999));
  }

  void add(ProposedRule rule) {
    const auto taken = [this](const std::string& name) {
      return std::ranges::find(rules_, name, &ProposedRule::name) != rules_.end();
    };
    const std::string wanted = rule.name;
    for (int i = 2; taken(rule.name); ++i) rule.name = fmt::format("{}-{}", wanted, i);
    rules_.push_back(std::move(rule));
  }

  std::vector<ProposedRule> take() { return std::move(rules_); }

 private:
  Headroom headroom_;
  std::vector<ProposedRule> rules_;
};

ProposedRule rule_of(const RouteProfile& route, std::string_view name_prefix) {
  ProposedRule rule{.name = name_of(name_prefix, route.pattern),
                    .path = route.pattern,
                    .requests = route.requests,
                    .missed_max = route.missed_max,
                    .callers = &route.callers};
  if (!route.method.empty()) rule.methods = {route.method};
  return rule;
}

// Methods and paths come from a log: accepts only those that a rules file can contain.
bool can_be_named(const RouteProfile& route) {
  const auto is_plain = [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; };  // and needs no quotes in YAML
  const bool method = route.method.empty() ||
                      (std::ranges::all_of(route.method, is_plain) && rules::check_method(route.method).has_value());
  return method && rules::PathPattern::parse(route.pattern).has_value() && route.callers.size() > 0;
}

// Paths with secrets that an attacker may want to guess: a limit for each such path, in addition to other limits.
void add_logins(const TrafficProfile& profile, Rules& rules) {
  size_t added = 0;
  for (const RouteProfile* route : profile.routes().ranked()) {
    if (!route->login_like || route->requests < kLoginRequestsMin || !can_be_named(*route)) continue;
    if (added++ == kLoginRulesMax) break;
    ProposedRule rule = rule_of(*route, "");
    rules.measure(rule, kLoginLimitMin);
    rules.add(std::move(rule));
  }
}

// Parts of the site that callers request much less than the site as a whole.
void add_routes(const TrafficProfile& profile, uint32_t limit_of_all, Rules& rules) {
  const double least = kRouteShareMin * static_cast<double>(profile.requests());
  size_t added = 0;
  for (const RouteProfile* route : profile.routes().ranked()) {
    if (static_cast<double>(route->requests) < least || added == kRouteRulesMax) break;
    if (route->login_like || route->requests < kRouteRequestsMin || !can_be_named(*route)) continue;
    // Static files are too cheap for a limit, and everyone behind one address asks for the front page at nine o'clock.
    if (route->static_files * 2 > route->requests || route->pattern == "/") continue;
    ProposedRule rule = rule_of(*route, route->kind == MethodKind::kWrite ? "write-" : "");
    rules.measure(rule, kLimitMin);
    if (rule.limit > kTighterShare * limit_of_all) continue;
    rules.add(std::move(rule));
    ++added;
  }
}

void add_named(CallerKind per, std::string name, uint64_t requests, const TrafficProfile& profile,
               const PeakTable& callers, Rules& rules) {
  if (static_cast<double>(requests) < kNamedShareMin * static_cast<double>(profile.requests())) return;
  if (callers.size() < kNamedCallersMin) return;
  ProposedRule rule{.name = std::move(name), .per = per, .requests = requests, .callers = &callers};
  rules.measure(rule, kLimitMin);
  rules.add(std::move(rule));
}

void add_addresses(const TrafficProfile& profile, Rules& rules) {
  ProposedRule minute{.name = "per-ip", .requests = profile.with_address(), .callers = &profile.addresses()};
  rules.measure(minute, kLimitMin);
  ProposedRule hour = minute;
  hour.name = "per-ip-hour";
  hour.window = WindowLength::kHour;
  rules.measure(hour, 2 * minute.limit);  // one busy minute must not lock anyone out for an hour

  add_routes(profile, minute.limit, rules);
  if (profile.writes() >= kRouteRequestsMin) {
    ProposedRule writes{.name = "writes",
                        .methods = {"POST", "PUT", "PATCH", "DELETE"},
                        .requests = profile.writes(),
                        .callers = &profile.writers()};
    rules.measure(writes, kLimitMin);
    if (writes.limit <= kTighterShare * minute.limit) rules.add(std::move(writes));
  }
  const bool hour_is_tighter = hour.limit <= kTighterShare * 60 * minute.limit;
  rules.add(std::move(minute));
  // A caller at the minute's limit for a whole hour would still be far above any real caller's hour.
  if (hour_is_tighter) rules.add(std::move(hour));
}

std::string_view per_text(CallerKind per) {
  constexpr std::array<std::string_view, 3> kTexts = {"ip", "user", "api_key"};
  return kTexts[static_cast<size_t>(per)];
}

std::string callers_text(CallerKind per, uint64_t count) {
  constexpr std::array<std::string_view, 3> kOne = {"address", "user", "API key"};
  constexpr std::array<std::string_view, 3> kMany = {"addresses", "users", "API keys"};
  return fmt::format("{} {}", count_text(count), (count == 1 ? kOne : kMany)[static_cast<size_t>(per)]);
}

}  // namespace

PeakSpread spread_of(std::vector<uint32_t> peaks, uint64_t one_in) {
  PeakSpread out{.callers = peaks.size() * one_in, .one_in = one_in};
  if (peaks.empty()) return out;
  std::ranges::sort(peaks);
  out.most = peaks.back();
  const size_t apart_max = std::max<size_t>(1, peaks.size() / 100);
  size_t apart = 0;
  // There must be enough others to know what is usual.
  constexpr size_t kOthersMin = 4;
  for (size_t top = 1; top <= apart_max && peaks.size() >= top + kOthersMin; ++top) {
    const uint32_t lowest = peaks[peaks.size() - top];
    const uint32_t next = peaks[peaks.size() - top - 1];
    if (lowest >= kApartMin && lowest >= uint64_t{kStandApart} * next) apart = top;
  }
  out.stand_apart = apart * one_in;
  const size_t rest = peaks.size() - apart;
  const auto at = [&](double share) {
    return peaks[static_cast<size_t>(std::ceil(share * static_cast<double>(rest))) - 1];
  };
  out.half = at(0.5);
  out.p99 = at(0.99);
  out.p999 = at(0.999);
  return out;
}

uint32_t round_up(double value) {
  constexpr std::array<double, 14> kSteps = {10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200};
  constexpr double kLargest = 1e9;
  const double wanted = std::clamp(std::ceil(value), 1.0, kLargest);
  if (wanted <= 6) return static_cast<uint32_t>(wanted);
  if (wanted <= 8) return 8;
  for (double scale = 1;; scale *= 10) {
    for (const double step : kSteps) {
      if (step * scale >= wanted) return static_cast<uint32_t>(step * scale);
    }
  }
}

std::vector<ProposedRule> propose(const TrafficProfile& profile, Headroom headroom) {
  Rules rules(headroom);
  if (profile.with_address() > 0) {
    add_logins(profile, rules);
    add_addresses(profile, rules);
  }
  add_named(CallerKind::kUser, "per-user", profile.with_user(), profile, profile.users(), rules);
  add_named(CallerKind::kApiKey, "per-key", profile.with_api_key(), profile, profile.api_keys(), rules);
  return rules.take();
}

std::string limit_text(const ProposedRule& rule) {
  return fmt::format("{}/{}", rule.limit, rule.window == WindowLength::kMinute ? 'm' : 'h');
}

std::string applies_to_text(const ProposedRule& rule) {
  if (rule.path.empty() && rule.methods.empty()) return "everything";
  const std::string methods = fmt::format("{}", fmt::join(rule.methods, " "));
  if (rule.path.empty()) return methods;
  return methods.empty() ? rule.path : methods + " " + rule.path;
}

std::string evidence(const ProposedRule& rule) {
  const PeakSpread& spread = rule.spread;
  std::string out = fmt::format("99.9 % of {} made at most {} {} in a{}", callers_text(rule.per, spread.callers),
                                count_text(spread.p999), spread.p999 == 1 ? "request" : "requests",
                                rule.window == WindowLength::kMinute ? " minute" : "n hour");
  out += fmt::format("; half of them {}, the busiest {}", count_text(spread.half), count_text(spread.most));
  if (spread.stand_apart > 0) {
    out += fmt::format("; {} that {} far above the others {} left out of account", count_text(spread.stand_apart),
                       spread.stand_apart == 1 ? "is" : "are", spread.stand_apart == 1 ? "was" : "were");
  }
  if (spread.one_in > 1) out += fmt::format("; measured on one caller in {}", spread.one_in);
  if (rule.missed_max > 0) {
    out += fmt::format("; at most {} {} came before it was followed", count_text(rule.missed_max),
                       rule.missed_max == 1 ? "request" : "requests");
  }
  return out;
}

std::string to_yaml(std::span<const ProposedRule> rules, const std::string& about) {
  std::string out;
  for (size_t begin = 0; begin < about.size();) {
    const size_t end = std::min(about.find('\n', begin), about.size());
    out += "# " + about.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  if (rules.empty()) return out + "rules: []\n";
  out += "rules:\n";
  for (const ProposedRule& rule : rules) {
    out += fmt::format("  # {}.\n", evidence(rule));
    if (rule.per == CallerKind::kUser) out += "  # The service has to be told where the user stands: identity.user.\n";
    out += fmt::format("  - name: {}\n", rule.name);
    std::vector<std::string> match;
    if (!rule.methods.empty()) match.push_back(fmt::format("methods: [{}]", fmt::join(rule.methods, ", ")));
    if (!rule.path.empty()) match.push_back(fmt::format("path: \"{}\"", rule.path));
    if (!match.empty()) out += fmt::format("    match: {{{}}}\n", fmt::join(match, ", "));
    out += fmt::format("    per: {}\n", per_text(rule.per));
    if (rule.per != CallerKind::kAddress) out += "    missing: skip\n";
    out += fmt::format("    limit: {}\n", limit_text(rule));
  }
  return out;
}

}  // namespace rateguard::suggest
