#include "server/admin/resource.h"

#include <array>

namespace rateguard::admin {
namespace {

using enum FieldAccess;

constexpr ResourceField kName = {.field = "name", .is_required = true};
constexpr ResourceField kDefinition = {.field = "definition", .is_required = true};

constexpr ResourceField kWorkspaceFields[] = {kName};
constexpr ResourceField kPlanFields[] = {kName};
constexpr ResourceField kMemberFields[] = {{.field = "workspace_id", .use = kAtCreation},
                                           {.field = "email", .is_required = true},
                                           {.field = "role", .is_required = true},
                                           {.field = "password_hash", .use = kHidden, .shown_as = "has_password"},
                                           {.field = "oidc_subject", .use = kReadOnly}};
constexpr ResourceField kKeyFields[] = {
    {.field = "workspace_id", .use = kAtCreation, .is_required = true},
    {.field = "prefix", .use = kAtCreation},
    {.field = "last4", .use = kAtCreation},
    {.field = "sha256", .use = kHidden},
    {.field = "plan_id", .is_of_installation = true},
    {.field = "limits", .is_of_installation = true},
    {.field = "revoked_at", .use = kReadOnly},
    {.field = "rotated_to", .use = kReadOnly},
    {.field = "last_used_at", .use = kReadOnly},
    {.field = "last_used_region", .use = kReadOnly},
};
constexpr ResourceField kRuleFields[] = {kName, kDefinition};
constexpr ResourceField kUpstreamFields[] = {
    kName, kDefinition, {.field = "credential_value", .shown_as = "has_credential_value"}};
constexpr ResourceField kPriceFields[] = {{.field = "provider", .is_required = true},
                                          {.field = "model", .is_required = true},
                                          {.field = "starts_at", .is_required = true},
                                          {.field = "input_pico_dollars", .is_required = true},
                                          {.field = "output_pico_dollars", .is_required = true}};
constexpr ResourceField kBudgetFields[] = {kName, {.field = "amount", .is_required = true}};
constexpr ResourceField kChannelFields[] = {kName,
                                            {.field = "channel", .is_required = true},
                                            {.field = "target", .is_required = true},
                                            {.field = "signing_secret", .shown_as = "has_signing_secret"}};
constexpr ResourceField kTokenFields[] = {
    kName,
    {.field = "purpose", .use = kReadOnly},
    {.field = "role", .use = kAtCreation, .is_required = true},
    {.field = "workspace_id", .use = kAtCreation},
    {.field = "member_id", .use = kAtCreation},
    {.field = "last4", .use = kReadOnly},
    {.field = "sha256", .use = kHidden},
    {.field = "revoked_at", .use = kReadOnly},
};

// In the order of RecordKind.
constexpr std::array<Resource, catalog::kRecordKinds> kResources = {{
    {.collection = "workspaces", .fields = kWorkspaceFields},
    {.collection = "plans", .fields = kPlanFields},
    {.collection = "members", .fields = kMemberFields},
    {.collection = "keys", .fields = kKeyFields},
    {.collection = "rules", .fields = kRuleFields},
    {.collection = "upstreams", .fields = kUpstreamFields},
    {.collection = "routes", .fields = kRuleFields},
    {.collection = "prices", .fields = kPriceFields},
    {.collection = "budgets", .fields = kBudgetFields},
    {.collection = "alert-rules", .fields = kRuleFields},
    {.collection = "alert-channels", .fields = kChannelFields},
    {.collection = "tokens", .fields = kTokenFields},
    {},
}};

}  // namespace

const Resource& resource_of(catalog::RecordKind kind) {
  return kResources[static_cast<size_t>(kind)];
}

ResourceField resource_field(catalog::RecordKind kind, const catalog::RecordField& field) {
  for (const ResourceField& known : resource_of(kind).fields) {
    if (known.field == field.name) return known;
  }
  ResourceField plain = {.field = field.name};
  // What a catalog keeps secret is hidden until a row above says otherwise.
  if (field.role == catalog::FieldRole::kSecret) plain.use = kHidden;
  return plain;
}

}  // namespace rateguard::admin
