#include "rules/conditions.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"
#include "rules/part_value.h"

namespace rateguard::rules {
namespace {

PathTrie trie_of(const std::vector<std::string>& paths) {
  std::vector<PathTrie::Entry> entries;
  for (const std::string& path : paths) entries.push_back({.pattern = PathPattern::parse(path).value(), .hit = {}});
  return PathTrie(entries);
}

// The first of `wanted` that one of `excepted` covers, and which one that is.
template <typename Covers>
std::string covered(const std::vector<std::string>& wanted, const std::vector<std::string>& excepted, const char* key,
                    Covers covers) {
  for (const std::string& one : wanted) {
    const auto by = std::ranges::find_if(excepted, [&](const std::string& other) { return covers(other, one); });
    if (by != excepted.end()) return fmt::format("{0} {1} is taken back by not_{0} {2}", key, one, *by);
  }
  return {};
}

std::string contradicting_values(const std::vector<ValueCondition>& conditions) {
  using Kind = ValueCondition::Kind;
  for (auto one = conditions.begin(); one != conditions.end(); ++one) {
    if (one->kind == Kind::kNoneOf) continue;
    for (auto other = conditions.begin(); other != conditions.end(); ++other) {
      if (other->of != one->of || other == one) continue;
      const auto is_wanted = [&](const std::string& value) {
        return std::ranges::find(other->values, value) != other->values.end();
      };
      if (one->kind == Kind::kOneOf && other->kind == Kind::kOneOf && std::ranges::none_of(one->values, is_wanted)) {
        return fmt::format("{} is asked to have one of several values, and one of quite others", one->of.to_string());
      }
      if (one->kind == Kind::kAbsent && other->kind != Kind::kNoneOf) {
        return fmt::format("{} is asked to be absent and to have a value", one->of.to_string());
      }
      if (one->kind != Kind::kOneOf || other->kind != Kind::kNoneOf) continue;
      if (std::ranges::any_of(one->values, is_wanted)) {
        return fmt::format("a value of {} is asked for and taken back", one->of.to_string());
      }
    }
  }
  return {};
}

}  // namespace

Conditions::Conditions(const Match& match)
    : match_(match),
      except_paths_(trie_of(match.except.paths)),
      inside_(match.address.inside),
      outside_(match.address.outside) {
  for (const std::string& host : match.except.hosts) except_hosts_.add(HostPattern::parse(host).value());
  for (uint32_t i = 0; i < match.values.size(); ++i) {
    for (const std::string& value : match.values[i].values) values_.find_or_add(i, value, 0);
  }
}

bool Conditions::empty(const Match& match) {
  return match.except == Targets{} && match.address == AddressCondition{} && match.values.empty() && match.when.empty();
}

bool Conditions::hold(const RequestView& asked) const {
  if (!inside_.empty() || !outside_.empty()) {
    const auto& address = asked.subject.whole_address();
    if (!inside_.empty() && (!address || !inside_.contains(*address))) return false;
    if (address && outside_.contains(*address)) return false;
  }
  for (size_t i = 0; i < match_.values.size(); ++i) {
    if (!holds(i, asked)) return false;
  }
  const auto now_is_in = [&](const WeeklySpan& span) { return span.holds(asked.wall); };
  if (!match_.when.empty() && std::ranges::none_of(match_.when, now_is_in)) return false;
  return !excepted(asked);
}

bool Conditions::holds(size_t condition, const RequestView& asked) const {
  const ValueCondition& wanted = match_.values[condition];
  const std::string_view value = part_value(wanted.of, asked.facts, asked.subject);
  switch (wanted.kind) {
    case ValueCondition::Kind::kOneOf:
      return !value.empty() && values_.find(static_cast<uint32_t>(condition), value).has_value();
    case ValueCondition::Kind::kNoneOf:
      return value.empty() || !values_.find(static_cast<uint32_t>(condition), value).has_value();
    case ValueCondition::Kind::kPresent:
      return !value.empty();
    case ValueCondition::Kind::kAbsent:
      break;
  }
  return value.empty();
}

bool Conditions::excepted(const RequestView& asked) const {
  const auto is_method = [&](const std::string& method) { return equal_ignoring_case(method, asked.facts.method); };
  if (std::ranges::any_of(match_.except.methods, is_method)) return true;
  if (!match_.except.hosts.empty()) {
    bool found = false;
    except_hosts_.find(asked.host, [&](uint32_t) { found = true; });
    if (found) return true;
  }
  if (match_.except.paths.empty()) return false;
  asked.hits.clear();
  except_paths_.find(asked.path, asked.hits);
  return !asked.hits.empty();
}

std::string why_nothing_matches(const Match& match) {
  const auto equal = [](const std::string& a, const std::string& b) { return a == b; };
  const auto path_covers = [](const std::string& wide, const std::string& narrow) {
    return PathPattern::parse(wide)->covers(PathPattern::parse(narrow).value());
  };
  const auto every = [](const std::string& path) { return path == "/*"; };
  if (std::ranges::any_of(match.except.paths, every)) return "not_path /* leaves no path";
  for (std::string why :
       {covered(match.methods, match.except.methods, "method", equal),
        covered(match.hosts, match.except.hosts, "host", host_covers),
        covered(match.paths, match.except.paths, "path", path_covers), contradicting_values(match.values)}) {
    if (!why.empty()) return why;
  }
  const IpSet outside(match.address.outside);
  if (!match.address.inside.empty() && outside.covers(IpSet(match.address.inside))) {
    return "not_ip takes back every address of ip";
  }
  return {};
}

}  // namespace rateguard::rules
