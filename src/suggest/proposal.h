// Limits for the traffic that a profile describes, and the reasons for them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "suggest/traffic_profile.h"

namespace rateguard::suggest {

// How much the callers of one kind did at most in a window, over all that are followed.
struct PeakSpread {
  uint64_t callers = 0;  // all, estimated if only a sample is followed
  uint64_t one_in = 1;   // the sample
  // Among the callers that do not stand apart: half, 99 % and 99.9 % of them never did more than this.
  uint32_t half = 0;
  uint32_t p99 = 0;
  uint32_t p999 = 0;
  uint32_t most = 0;  // of all
  // The few at the top, at most one in a hundred (or one caller), whose peaks are at least kStandApart times the next
  // one's: a scraper or a broken client, which should not determine everyone's limit.
  uint64_t stand_apart = 0;
};
inline constexpr uint32_t kStandApart = 5;
// A smaller peak needs no limit, however far above the others it is.
inline constexpr uint32_t kApartMin = 30;

PeakSpread spread_of(std::vector<uint32_t> peaks, uint64_t one_in);

enum class WindowLength : uint8_t { kMinute, kHour };

struct ProposedRule {
  std::string name;
  CallerKind per = CallerKind::kAddress;
  std::vector<std::string> methods = {};  // empty: every
  std::string path = {};                  // empty: every
  WindowLength window = WindowLength::kMinute;
  uint32_t limit = 0;
  PeakSpread spread = {};
  uint64_t requests = 0;               // that the rule applies to
  uint64_t missed_max = 0;             // RouteProfile::missed_max
  const PeakTable* callers = nullptr;  // of the profile
};

inline constexpr double kHeadroomMin = 1;
inline constexpr double kHeadroomMax = 100;

struct Headroom {
  double factor = 2;  // a limit is this many times the most that 99.9 % of the callers did
};

// Rules in the order of their file. Refers to the profile, which outlives it.
std::vector<ProposedRule> propose(const TrafficProfile& profile, Headroom headroom);

// The smallest round number (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40...) that is at least
// `value`.
uint32_t round_up(double value);

// A configuration file with the rules, each below a comment with its evidence; `about` heads the file, line by line.
std::string to_yaml(std::span<const ProposedRule> rules, const std::string& about);

// "99.9 % of 1,753 addresses made at most 62 requests in a minute"
std::string evidence(const ProposedRule& rule);
std::string limit_text(const ProposedRule& rule);       // "150/m"
std::string applies_to_text(const ProposedRule& rule);  // "POST /login", "/blog/*", "everything"

}  // namespace rateguard::suggest
