// What each instance of the program says of itself in the catalog, so that others can tell how far a change has come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/instant.h"

namespace rateguard::catalog {

struct AppliedRevision {
  int64_t revision = 0;
  Instant at = {};

  bool operator==(const AppliedRevision&) const = default;
};

struct InstanceReport {
  std::string id = {};
  std::string address = {};
  std::string version = {};  // of the program
  Instant started_at = {};
  Instant seen_at = {};
  std::vector<AppliedRevision> applied = {};  // the latest, oldest first; at most kAppliedMax

  static constexpr size_t kAppliedMax = 64;

  bool operator==(const InstanceReport&) const = default;
};

}  // namespace rateguard::catalog
