// Random calls of a catalog, and their answers as text, so that two catalogs can be compared.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "catalog/catalog_store.h"

namespace rateguard::catalog {

struct PlayedAnswer {
  std::string answer = {};  // what every catalog must say
  std::string words = {};   // messages and details, in which a model may differ

  bool operator==(const PlayedAnswer&) const = default;
};

// Few names, ids and hashes, so that calls meet each other's records. The same seed gives the same calls.
class RandomCalls {
 public:
  using Call = std::function<PlayedAnswer(CatalogStore&)>;

  explicit RandomCalls(uint64_t seed) : random_(seed) {}

  Call next();

 private:
  friend struct RandomField;

  Call change();
  Call look();
  Call upkeep();
  AnyRecord record(RecordKind kind);
  RecordWrite write();
  std::string id_of(RecordKind kind);
  std::string text();
  std::string name();
  Sha256 hash();
  Instant time();
  bool one_in(int n) { return below(n) == 0; }
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  RecordKind any_kind() { return static_cast<RecordKind>(below(kRecordKinds)); }

  std::mt19937_64 random_;
  Instant now_ = Instant::from_seconds(1'780'000'000);
};

}  // namespace rateguard::catalog
