#include "rules/compiled_rule.h"

#include <algorithm>

#include "rules/cookie.h"
#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

constexpr std::string_view kDefaultPlan = "default";

// The value of a field without the white space around it (RFC 9110, section 5.5).
std::string_view header_value(std::span<const Header> headers, std::string_view name) {
  const std::string_view value = find_header(headers, name);
  const size_t begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return value.substr(begin, value.find_last_not_of(" \t") - begin + 1);
}

CompiledLimit compile_limit(const Rule& rule, const std::optional<Limit>& limit) {
  CompiledLimit compiled;
  if (!limit) return compiled;
  compiled.limit = &*limit;
  CounterKey::begin_rule(compiled.key_front, rule.name, limit->algorithm);
  return compiled;
}

}  // namespace

std::string_view bytes_of(const IpAddress& ip) {
  return {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()};
}

CompiledRule::CompiledRule(const Rule& rule, uint64_t methods) : rule_(&rule), methods_(methods) {
  for (const auto& host : rule.match.hosts) hosts_.push_back(HostPattern::parse(host).value());
  for (const auto& path : rule.match.paths) {
    paths_.push_back(PathPattern::parse(path).value());
    path_is_template_.push_back(paths_.back().is_template());
  }
  for (const auto& part : rule.per) {
    if (part.kind == PartKind::kGlobal) continue;
    parts_.push_back(part);
    part_names_.push_back(part.to_string());
  }
  if (rule.limit) own_limit_ = compile_limit(rule, rule.limit);
  plans_.reserve(rule.by_plan.size());
  for (const auto& [plan, limit] : rule.by_plan) {
    plans_.emplace_back(plan, compile_limit(rule, limit));
    if (plan == kDefaultPlan) default_plan_ = &plans_.back().second;
  }
}

bool CompiledRule::accepts_host(std::string_view host) const {
  return std::ranges::any_of(hosts_, [&](const HostPattern& pattern) { return pattern.matches(host); });
}

const CompiledLimit* CompiledRule::limit_for(std::string_view plan) const {
  if (own_limit_) return &*own_limit_;
  const auto found = std::ranges::lower_bound(plans_, plan, {}, [](const auto& entry) { return entry.first; });
  if (found != plans_.end() && found->first == plan) return &found->second;
  return default_plan_;
}

std::string_view CompiledRule::route_of(std::string_view path, uint32_t path_index) const {
  if (path_index < paths_.size() && path_is_template_[path_index]) return paths_[path_index].text;
  return path;
}

bool CompiledRule::has_template(std::string_view text) const {
  return std::ranges::any_of(paths_, [&](const PathPattern& path) { return path.text == text && path.is_template(); });
}

std::string_view CompiledRule::value_of(const Part& part, const RequestFacts& facts, const Subject& subject,
                                        std::string_view path, uint32_t path_index) const {
  switch (part.kind) {
    case PartKind::kIp:
      return subject.ip ? bytes_of(*subject.ip) : std::string_view{};
    case PartKind::kApiKey:
      return subject.api_key;
    case PartKind::kUser:
      return subject.user;
    case PartKind::kWorkspace:
      return subject.workspace;
    case PartKind::kPlan:
      return subject.plan;
    case PartKind::kHeader:
      return header_value(facts.headers, part.name);
    case PartKind::kCookie:
      return find_cookie(facts.headers, part.name);
    case PartKind::kClaim:
      return subject.claim(part.name);
    case PartKind::kRoute:
      return route_of(path, path_index);
    case PartKind::kGlobal:
      break;  // parts_ has none
  }
  return {};
}

Identified CompiledRule::identify(const RequestFacts& facts, const Subject& subject, std::string_view path,
                                  uint32_t path_index, std::string& key) const {
  for (size_t i = 0; i < parts_.size(); ++i) {
    const std::string_view value = value_of(parts_[i], facts, subject, path, path_index);
    // Too long to be told apart whole; refused whatever `missing` says, since leaving it out would be no better.
    if (value.size() > kSubjectPartMax) return {.result = Identified::Result::kRejected, .missing = part_names_[i]};
    if (!value.empty()) {
      CounterKey::append_part(key, value);
      continue;
    }
    if (rule_->missing == Missing::kSkip) return {.result = Identified::Result::kSkipped};
    if (rule_->missing == Missing::kReject || !subject.ip) {
      return {.result = Identified::Result::kRejected, .missing = part_names_[i]};
    }
    // An identity is never empty, so the empty part says that an address stands in for it: neither shares a counter.
    CounterKey::append_part(key, {});
    CounterKey::append_part(key, bytes_of(*subject.ip));
  }
  return {};
}

Identified CompiledRule::without_plan() const {
  if (rule_->missing == Missing::kSkip) return {.result = Identified::Result::kSkipped};
  return {.result = Identified::Result::kRejected, .missing = "plan"};  // an address has no plan: `ip` rejects too
}

}  // namespace rateguard::rules
