// Who may call a route of the admin API.
#pragma once

#include <cstdint>

#include "catalog/record_choices.h"

namespace rateguard::admin {

// Deny by default: a row that names nothing admits nobody.
enum class Admits : uint8_t {
  kNobody,
  kReaders,   // every role
  kBilling,   // owner, admin, billing
  kManagers,  // owner, admin
  kOwners,
  kAnyone,  // without signing in: what signing in itself needs
};

constexpr bool admits(Admits who, catalog::MemberRole role) {
  using enum catalog::MemberRole;
  switch (who) {
    case Admits::kAnyone:
    case Admits::kReaders:
      return true;
    case Admits::kBilling:
      return role != kViewer;
    case Admits::kManagers:
      return role == kOwner || role == kAdmin;
    case Admits::kOwners:
      return role == kOwner;
    case Admits::kNobody:
      return false;
  }
  return false;
}

// What a caller of one workspace may do with a route. Callers of the whole installation may use all of them.
enum class Reach : uint8_t {
  kInstallation,  // nothing
  kWorkspace,     // see and change what belongs to that workspace
  kShared,        // as everybody: the route shows or changes nothing that belongs to a workspace
};

}  // namespace rateguard::admin
