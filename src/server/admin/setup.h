// The first owner of an installation: by a link that is shown once, to whoever starts the program.
#pragma once

#include <optional>

#include "catalog/catalog_store.h"
#include "catalog/keys/secret_text.h"
#include "model/instant.h"

namespace rateguard::admin {

// How long a setup link is good for.
inline constexpr Duration kSetupLinkLasts = Duration::seconds(15 * 60);

// Makes a link's secret if nobody can get in: no member of the whole installation is an active owner, and no owner's
// token counts. It takes the place of any made before. nullopt: none is needed, or another instance has just made one.
// Blocks. Errors: as CatalogStore.
catalog::CatalogResult<std::optional<catalog::SecretText>> make_setup_link(catalog::CatalogStore& catalog, Instant now);

}  // namespace rateguard::admin
