#include "catalog/record_constraints.h"

#include <array>
#include <cstddef>

namespace rateguard::catalog {
namespace {

using FieldName = std::string_view;

constexpr FieldName kName[] = {"name"};
constexpr FieldName kEmail[] = {"email"};
constexpr FieldName kOidcSubject[] = {"oidc_subject"};
constexpr FieldName kSha256[] = {"sha256"};
constexpr FieldName kPrice[] = {"provider", "model", "starts_at"};

constexpr UniqueFields kByName[] = {kName};
constexpr UniqueFields kByPerson[] = {kEmail, kOidcSubject};
constexpr UniqueFields kByHash[] = {kSha256};
constexpr UniqueFields kByNameAndHash[] = {kName, kSha256};
constexpr UniqueFields kByPrice[] = {kPrice};

constexpr auto kKeep = WhenReferenced::kKeep;
constexpr auto kRemove = WhenReferenced::kRemove;
constexpr RecordReference kOfWorkspace[] = {{"plan_id", RecordKind::kPlan, kKeep}};
constexpr RecordReference kOfWorkspacePart[] = {{"workspace_id", RecordKind::kWorkspace, kKeep}};
constexpr RecordReference kOfKey[] = {{"workspace_id", RecordKind::kWorkspace, kKeep},
                                      {"member_id", RecordKind::kMember, kKeep},
                                      {"plan_id", RecordKind::kPlan, kKeep}};
constexpr RecordReference kOfBudget[] = {{"workspace_id", RecordKind::kWorkspace, kKeep},
                                         {"key_id", RecordKind::kApiKey, kKeep}};
constexpr RecordReference kOfToken[] = {{"workspace_id", RecordKind::kWorkspace, kKeep},
                                        {"member_id", RecordKind::kMember, kRemove}};
constexpr RecordReference kOfSession[] = {{"member_id", RecordKind::kMember, kRemove}};

constexpr FieldName kFilterPlan[] = {"plan_id"};
constexpr FieldName kFilterWorkspace[] = {"workspace_id"};
constexpr FieldName kFilterKey[] = {"workspace_id", "member_id", "plan_id"};
constexpr FieldName kFilterModel[] = {"provider", "model"};
constexpr FieldName kFilterBudget[] = {"workspace_id", "key_id"};
constexpr FieldName kFilterToken[] = {"workspace_id", "member_id"};
constexpr FieldName kFilterMember[] = {"member_id"};

// In the order of RecordKind.
constexpr std::array<RecordConstraints, kRecordKinds> kConstraints = {{
    {.unique = kByName, .references = kOfWorkspace, .filters = kFilterPlan},
    {.unique = kByName, .references = {}, .filters = {}},
    {.unique = kByPerson, .references = kOfWorkspacePart, .filters = kFilterWorkspace},
    {.unique = kByHash, .references = kOfKey, .filters = kFilterKey},
    {.unique = kByName, .references = {}, .filters = {}},
    {.unique = kByName, .references = {}, .filters = {}},
    {.unique = kByName, .references = {}, .filters = {}},
    {.unique = kByPrice, .references = {}, .filters = kFilterModel},
    {.unique = kByName, .references = kOfBudget, .filters = kFilterBudget},
    {.unique = kByName, .references = kOfWorkspacePart, .filters = kFilterWorkspace},
    {.unique = kByName, .references = {}, .filters = {}},
    {.unique = kByNameAndHash, .references = kOfToken, .filters = kFilterToken},
    {.unique = kByHash, .references = kOfSession, .filters = kFilterMember},
}};

}  // namespace

const RecordConstraints& constraints_of(RecordKind kind) {
  return kConstraints[static_cast<size_t>(kind)];
}

}  // namespace rateguard::catalog
