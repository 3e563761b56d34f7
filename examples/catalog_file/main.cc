// A catalog in a SQLite file, which is made if there is none, or in a PostgreSQL database, which its URL names.
//   catalog_file FILE             lists the workspaces, page by page
//   catalog_file FILE WORKSPACE   makes an API key for that workspace, and the workspace if there is none, and shows
//   the
//                                 key: nothing else will ever know it
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "catalog/catalog_store.h"
#include "catalog/keys/key_text.h"
#include "catalog/postgres/postgres_catalog.h"
#include "catalog/postgres/postgres_url.h"
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

int list(catalog::CatalogStore& store) {
  catalog::RecordQuery query = {.kind = catalog::RecordKind::kWorkspace};
  for (bool has_more = true; has_more;) {
    const auto page = store.list_any(query);
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

int make_key(catalog::CatalogStore& store, const std::string& name) {
  const catalog::Actor actor = {.kind = "command_line"};
  auto workspace = catalog::find_by_name<catalog::WorkspaceRecord>(store, name);
  if (!workspace) workspace = catalog::create(store, catalog::WorkspaceRecord{.name = name}, actor, wall_clock());
  if (!workspace) return say(workspace.error());
  const auto secret = catalog::make_secret(catalog::SecretKind::kLiveKey);
  if (!secret) return 1;
  const auto key = catalog::create(store,
                                   catalog::ApiKeyRecord{.workspace_id = workspace->head.id,
                                                         .prefix = secret->prefix,
                                                         .last4 = secret->last4,
                                                         .sha256 = secret->sha256},
                                   actor, wall_clock());
  if (!key) return say(key.error());
  fmt::print("{}\n", secret->text.reveal());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fmt::print(stderr, "usage: catalog_file FILE [WORKSPACE]\n");
    return 2;
  }
  const std::string place = argv[1];
  const auto store = catalog::is_postgres_url(place) ? catalog::open_postgres_catalog(place, "example", wall_clock())
                                                     : catalog::open_sqlite_catalog(place, "example", wall_clock());
  if (!store) return say(store.error());
  return argc == 2 ? list(**store) : make_key(**store, argv[2]);
}
