// Lists the workspaces of a catalog in a SQLite file, page by page: `catalog_file catalog.db`. Makes the file if
// there is none.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "catalog/catalog_store.h"
#include "catalog/sqlite/sqlite_catalog.h"

using namespace rateguard;

namespace {

Instant wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

int say(const catalog::CatalogRefusal& refusal) {
  fmt::print(stderr, "{}\n", refusal.message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: catalog_file FILE\n");
    return 2;
  }
  const auto store = catalog::open_sqlite_catalog(argv[1], "example", wall_clock());
  if (!store) return say(store.error());
  catalog::RecordQuery query = {.kind = catalog::RecordKind::kWorkspace};
  for (bool has_more = true; has_more;) {
    const auto page = (*store)->list_any(query);
    if (!page) return say(page.error());
    for (const catalog::AnyRecord& record : page->records) {
      const auto& workspace = std::get<catalog::WorkspaceRecord>(record);
      fmt::print("{} {} version {}\n", workspace.head.id, workspace.name, workspace.head.version);
      query.after = workspace.head.id;
    }
    has_more = page->has_more;
  }
  return 0;
}
