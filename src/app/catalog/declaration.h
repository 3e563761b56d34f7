// What a file says that a catalog has: YAML of the admin API's own resources.
//
//   plans:
//     - {name: pro, limits: {chat: 600/m}}
//   workspaces:
//     - {name: acme, title: Acme Ltd., plan: pro}
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalog/resource_noun.h"
#include "base/result.h"
#include "catalog/records.h"

namespace rateguard::app {

// A field that the file does not give has its default: what is taken out of the file goes out of the catalog.
struct DeclaredRecord {
  const ResourceNoun* noun = nullptr;
  catalog::AnyRecord record = {};                 // references hold names, and no id is set
  std::set<std::string, std::less<>> given = {};  // fields
  SourcePosition position = {};
};

struct Declaration {
  std::vector<DeclaredRecord> records = {};     // in the order in which they can be made
  std::set<catalog::RecordKind> sections = {};  // that the file has, though they may be empty
};

// Errors: kInvalid with file, line and column, one line for each of the first mistakes: broken YAML, unknown sections
// and fields with the nearest known name, values that the API would refuse, and records declared twice.
Result<Declaration> parse_declaration(std::string_view text, const std::string& file_name);

}  // namespace rateguard::app
