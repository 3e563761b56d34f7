// What all records of a catalog have.
#pragma once

#include <cstdint>
#include <string>

#include "model/instant.h"

namespace rateguard::catalog {

// Filled in by the catalog, but for an id that the caller brings along.
struct RecordHead {
  std::string id = {};
  int64_t version = 0;   // 1 when it is made, one more with each update: what an ETag says
  int64_t revision = 0;  // of the catalog, when this was last changed
  Instant created_at = {};
  Instant updated_at = {};

  bool operator==(const RecordHead&) const = default;
};

}  // namespace rateguard::catalog
