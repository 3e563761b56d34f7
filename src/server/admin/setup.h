// The first owner of an installation: by a link that is shown once, to whoever starts the program.
#pragma once

#include <optional>

#include "catalog/catalog_store.h"
#include "catalog/keys/secret_text.h"
#include "model/instant.h"

namespace rateguard::admin {

// How long a setup link is good for.
inline constexpr Duration kSetupLinkLasts = Duration::seconds(15 * 60);

// Whether somebody can get in: an active owner of the whole installation who can sign in, or an owner's token that
// counts. Blocks. Errors: as CatalogStore.
catalog::CatalogResult<bool> has_owner(catalog::CatalogStore& catalog, Instant now);

// Makes a link's secret if nobody can get in. It takes the place of any made before. nullopt: none is needed, or
// another instance has just made one. Blocks. Errors: as CatalogStore.
catalog::CatalogResult<std::optional<catalog::SecretText>> make_setup_link(catalog::CatalogStore& catalog, Instant now);

}  // namespace rateguard::admin
