#include "rules/describe_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "model/ascii.h"

namespace rateguard::rules {
namespace {

// About as many as fit a line.
constexpr size_t kShownMax = 6;

std::string joined(const std::vector<std::string>& values) {
  const auto shown = std::span(values).first(std::min(values.size(), kShownMax));
  const std::string text = fmt::format("{}", fmt::join(shown, "|"));
  return values.size() == shown.size() ? text : fmt::format("{} and {} more", text, values.size() - shown.size());
}

std::string joined(const std::vector<IpPrefix>& prefixes) {
  std::vector<std::string> texts;
  for (const IpPrefix& prefix : prefixes) texts.push_back(to_string(prefix));
  return joined(texts);
}

std::string describe_values(const ValueCondition& condition) {
  const std::string name = condition.of.to_string();
  const bool secret = is_secret(condition.of);
  switch (condition.kind) {
    case ValueCondition::Kind::kOneOf:
      return secret ? fmt::format("{} one of {}", name, condition.values.size())
                    : fmt::format("{} {}", name, joined(condition.values));
    case ValueCondition::Kind::kNoneOf:
      return secret ? fmt::format("{} none of {}", name, condition.values.size())
                    : fmt::format("{} not {}", name, joined(condition.values));
    case ValueCondition::Kind::kPresent:
      return fmt::format("{} present", name);
    case ValueCondition::Kind::kAbsent:
      break;
  }
  return fmt::format("{} absent", name);
}

}  // namespace

std::string to_string(const IpPrefix& prefix) {
  constexpr int kMappedBits = 96;  // in front of an IPv4 address
  const std::string address = prefix.address.to_string();
  if (prefix.bits == 128) return address;
  const bool is_v4 = prefix.bits >= kMappedBits && prefix.address.is_v4();
  return fmt::format("{}/{}", address, is_v4 ? prefix.bits - kMappedBits : prefix.bits);
}

std::string_view to_string(ValueCondition::Kind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"one_of", "none_of", "present", "absent"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view to_string(RuleMode mode) {
  constexpr std::array<std::string_view, 3> kNames = {"enforce", "shadow", "off"};
  return kNames[static_cast<size_t>(mode)];
}

bool is_secret(const Part& part) {
  if (part.kind == PartKind::kApiKey || part.kind == PartKind::kCookie) return true;
  if (part.kind != PartKind::kHeader) return false;
  constexpr std::array<std::string_view, 4> kSecrets = {"authorization", "x-api-key", "cookie", "proxy-authorization"};
  return std::ranges::any_of(kSecrets, [&](std::string_view name) { return equal_ignoring_case(name, part.name); });
}

std::vector<std::string> describe_conditions(const Match& match) {
  std::vector<std::string> parts;
  if (!match.except.methods.empty()) parts.push_back("not " + joined(match.except.methods));
  if (!match.except.hosts.empty()) parts.push_back("not " + joined(match.except.hosts));
  if (!match.except.paths.empty()) parts.push_back("not " + joined(match.except.paths));
  if (!match.address.inside.empty()) parts.push_back("from " + joined(match.address.inside));
  if (!match.address.outside.empty()) parts.push_back("not from " + joined(match.address.outside));
  for (const ValueCondition& condition : match.values) parts.push_back(describe_values(condition));
  for (const WeeklySpan& span : match.when) parts.push_back(span.to_string());
  return parts;
}

}  // namespace rateguard::rules
