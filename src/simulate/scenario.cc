#include "simulate/scenario.h"

#include <algorithm>

#include "config/config.h"

namespace rateguard::simulate {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

Result<Scenario> compile(Result<config::Config> config, const std::string& name) {
  // Anything that keeps rules from loading is a fault of the rules, as for `validate`: also a file that they name.
  const auto does_not_load = [](Error error) {
    error.code = ErrorCode::kInvalid;
    return std::unexpected(std::move(error));
  };
  if (!config) return does_not_load(config.error());
  const SourcePosition key_file = config->position_of("identity.jwt.key_file");
  auto rules = rules::RuleSet::compile(std::move(config->rules));
  if (!rules) return does_not_load(rules.error());
  auto identifier = identify::Identifier::create(std::move(config->identity));
  if (!identifier) {
    Error error = identifier.error();
    if (error.position == SourcePosition{}) error.position = key_file;
    return does_not_load(std::move(error));
  }
  return Scenario{.name = name, .policy = {.rules = std::move(*rules), .identifier = std::move(*identifier)}};
}

}  // namespace

Result<Scenario> Scenario::load(const std::string& path) {
  return compile(config::load(path), path);
}

Result<Scenario> Scenario::parse(const std::string& yaml, const std::string& name) {
  return compile(config::parse(yaml, name), name);
}

std::vector<std::string> Scenario::wanted_headers() const {
  // What identities are read from without any setting.
  std::vector<std::string> names = {"authorization", "x-api-key", "cookie"};
  // Fields of proxies are read only from trusted ones, and looking for them in each line of an access log takes time.
  if (!policy.identifier->settings().trusted_proxies.empty()) {
    names.insert(names.end(), {"x-forwarded-for", "forwarded"});
  }
  for (const rules::Rule& rule : policy.rules->rules()) {
    for (const rules::Part& part : rule.per) {
      if (part.kind == rules::PartKind::kHeader) names.push_back(lower_case(part.name));
    }
    for (const rules::ValueCondition& condition : rule.match.values) {
      if (condition.of.kind == rules::PartKind::kHeader) names.push_back(lower_case(condition.of.name));
    }
    if (!rule.cost.header.empty()) names.push_back(lower_case(rule.cost.header));
  }
  const identify::Settings& settings = policy.identifier->settings();
  for (const identify::IdentitySource* source : {&settings.user, &settings.workspace, &settings.plan}) {
    if (source->kind == identify::IdentitySource::Kind::kHeader) names.push_back(lower_case(source->name));
  }
  std::ranges::sort(names);
  const auto repeats = std::ranges::unique(names);
  names.erase(repeats.begin(), repeats.end());
  return names;
}

}  // namespace rateguard::simulate
