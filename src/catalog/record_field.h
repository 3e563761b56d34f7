// How a record describes its fields: once, for all that store, compare or show them.
//
//   template <typename Self, typename Visitor>
//   static void visit(Self& self, Visitor&& field) { field(RecordField{"name"}, self.name); ... }
//
// The types of fields are std::string, int64_t, bool, Instant, Sha256, TextList, TextMap, the enums of
// record_choices.h, and std::optional of the first six.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::catalog {

enum class FieldRole : uint8_t {
  kPlain,
  kSecret,   // in no log, message, audit entry or answer: hashes and credentials
  kTracked,  // written by the catalog's own calls (CatalogStore::note_uses), never by an update
};

struct RecordField {
  std::string_view name;  // as the column and in JSON
  FieldRole role = FieldRole::kPlain;
};

using Sha256 = std::array<uint8_t, 32>;
using TextList = std::vector<std::string>;
using TextMap = std::map<std::string, std::string>;

}  // namespace rateguard::catalog
