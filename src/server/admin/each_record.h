// Looking through all records of a kind, page by page.
#pragma once

#include "catalog/catalog_store.h"

namespace rateguard::admin {

// Whether any record of that kind is one of those that `is` picks. Blocks. Errors: as CatalogStore.
template <typename R, typename Is>
catalog::CatalogResult<bool> has_any(catalog::CatalogStore& catalog, Is&& is) {
  catalog::RecordQuery query = {.kind = R::kKind, .limit = catalog::RecordQuery::kPageRecordsMax};
  for (;;) {
    const auto page = catalog.list_any(query);
    if (!page) return std::unexpected(page.error());
    for (const catalog::AnyRecord& record : page->records) {
      if (is(std::get<R>(record))) return true;
    }
    if (!page->has_more) return false;
    query.after = head_of(page->records.back()).id;
  }
}

}  // namespace rateguard::admin
