#include "rules/specificity.h"

#include <algorithm>

namespace rateguard::rules {
namespace {

// Digits: the smaller, the more specific.
constexpr char kLiteral = '0';  // or the end of a path that is matched in full
constexpr char kBrace = '1';
constexpr char kBelow = '2';
constexpr char kNoPath = '3';

size_t further_conditions(const Match& match) {
  return match.values.size() + !match.address.inside.empty() + !match.address.outside.empty() + !match.when.empty() +
         !match.except.methods.empty() + !match.except.hosts.empty() + !match.except.paths.empty();
}

}  // namespace

std::string specificity(const Match& match, const HostPattern* host, const PathPattern* path) {
  std::string text;
  constexpr size_t kNoHost = kHostMax + 1;
  const size_t from_host = host == nullptr ? kNoHost : host->subdomains ? kHostMax - host->name.size() + 1 : 0;
  text += static_cast<char>(from_host >> 8);
  text += static_cast<char>(from_host & 0xFF);
  if (path == nullptr) {
    text += kNoPath;
  } else {
    for (const PathPattern::Segment& segment : path->segments) text += segment.any ? kBrace : kLiteral;
    text += path->prefix ? kBelow : kLiteral;
  }
  text += match.methods.empty() ? '1' : '0';
  text += static_cast<char>(UINT8_MAX - std::min<size_t>(further_conditions(match), UINT8_MAX));
  return text;
}

}  // namespace rateguard::rules
