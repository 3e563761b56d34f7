// What the requests of the admin API share. app/ fills it before the first one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog_store.h"
#include "server/admin/admin_caller.h"
#include "server/admin/password.h"
#include "server/admin/rules_of_instance.h"
#include "server/admin/sign_in_limits.h"

namespace rateguard::admin {

struct AdminIdentity {
  std::optional<FirstToken> first_token = {};
  std::string public_url = {};  // as people reach it: "https://admin.example.com"; empty: unknown
  std::string version = {};     // of the program
};

// Constant once requests come; any thread.
struct AdminParts {
  explicit AdminParts(catalog::CatalogStore& its_catalog, PasswordHasher::Options hashing = {})
      : catalog(its_catalog), passwords(hashing) {}
  AdminParts(const AdminParts&) = delete;
  AdminParts& operator=(const AdminParts&) = delete;

  catalog::CatalogStore& catalog;
  AdminIdentity identity = {};
  SignInLimits sign_ins;
  RulesOfInstance rules;
  PasswordHasher passwords;
};

}  // namespace rateguard::admin
