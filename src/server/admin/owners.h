// Who can let others in: the owners of the whole installation.
#pragma once

#include <string_view>

#include "catalog/catalog_store.h"

namespace rateguard::admin {

// An active member of the whole installation with the role of an owner.
bool is_owner(const catalog::MemberRecord& member);
// Whether there is one besides the member of that id; empty: besides nobody. Blocks. Errors: as CatalogStore.
catalog::CatalogResult<bool> has_other_owner(catalog::CatalogStore& catalog, std::string_view id);

}  // namespace rateguard::admin
