#include "app/catalog/resource_noun.h"

#include <algorithm>

#include "base/check.h"

namespace rateguard::app {
namespace {

using catalog::RecordKind;
using enum ValueForm;

constexpr FieldOption kTitle = {
    .option = "--title", .member = "title", .type = "TEXT", .help = "As people write it: \"Acme Ltd.\""};
constexpr FieldOption kPlan = {.option = "--plan",
                               .member = "plan_id",
                               .form = kReference,
                               .type = "NAME",
                               .help = "The plan",
                               .refers_to = RecordKind::kPlan};
constexpr FieldOption kWorkspace = {.option = "--workspace",
                                    .member = "workspace_id",
                                    .form = kReference,
                                    .type = "NAME",
                                    .help = "The workspace that it belongs to; narrows a list",
                                    .refers_to = RecordKind::kWorkspace};
constexpr FieldOption kMember = {.option = "--member",
                                 .member = "member_id",
                                 .form = kReference,
                                 .type = "EMAIL",
                                 .help = "Whose it is",
                                 .refers_to = RecordKind::kMember};
constexpr FieldOption kLimits = {.option = "--limit",
                                 .member = "limits",
                                 .form = kPairs,
                                 .type = "RULE=LIMIT",
                                 .help = "A limit of its own: chat=600/m; replaces all of them, and may be repeated"};
constexpr FieldOption kMetadata = {.option = "--metadata",
                                   .member = "metadata",
                                   .form = kPairs,
                                   .type = "NAME=TEXT",
                                   .help = "Notes of your own; may be repeated"};
constexpr FieldOption kState = {.option = "--state", .member = "state", .type = "STATE", .help = "active or suspended"};
constexpr FieldOption kDefinition = {
    .option = "--definition",
    .member = "definition",
    .form = kTextOrFile,
    .type = "YAML",
    .help = "One entry as the configuration file has it, with its name; @FILE reads it"};
constexpr FieldOption kExpires = {.option = "--expires",
                                  .member = "expires_at",
                                  .form = kTime,
                                  .type = "TIME",
                                  .help = "From then on it is refused: 90d from now, or 2027-01-31T00:00:00Z"};

constexpr FieldOption kKeyFields[] = {
    {.option = "--name", .member = "name", .type = "TEXT", .help = "What it is for"},
    kWorkspace,
    kPlan,
    kMember,
    {.option = "--scope", .member = "scopes", .form = kWords, .type = "TEXT", .help = "A scope; may be repeated"},
    {.option = "--route",
     .member = "allowed_routes",
     .form = kWords,
     .type = "NAME",
     .help = "A route that it may use (default: all); may be repeated"},
    {.option = "--model",
     .member = "allowed_models",
     .form = kWords,
     .type = "NAME",
     .help = "A model that it may use (default: all); may be repeated"},
    {.option = "--network",
     .member = "allowed_networks",
     .form = kWords,
     .type = "CIDR",
     .help = "A network that it may be used from (default: all); may be repeated"},
    {.option = "--tag", .member = "tags", .form = kPairs, .type = "NAME=TEXT", .help = "A tag; may be repeated"},
    kMetadata,
    kLimits,
    kExpires,
    {.option = "--test",
     .member = "test",
     .form = kFlag,
     .help = "Make a key for trying things out: rg_test_...",
     .only_at_creation = true},
    {.option = "--sha256",
     .member = "sha256",
     .type = "HEX",
     .help = "import: the SHA-256 of the whole key, 64 hexadecimal digits",
     .only_at_creation = true},
    {.option = "--prefix",
     .member = "prefix",
     .type = "TEXT",
     .help = "import: what the key begins with, for people",
     .only_at_creation = true},
    {.option = "--last4",
     .member = "last4",
     .type = "TEXT",
     .help = "import: its last four characters, for people",
     .only_at_creation = true},
};
constexpr FieldOption kWorkspaceFields[] = {kTitle, kPlan, kState, kLimits, kMetadata};
constexpr FieldOption kPlanFields[] = {kTitle, kLimits, kMetadata};
constexpr FieldOption kMemberFields[] = {
    {.option = "--name", .member = "name", .type = "TEXT", .help = "The person's name"},
    {.option = "--role", .member = "role", .type = "ROLE", .help = "owner, admin, billing or viewer"},
    kWorkspace,
    kState,
};
constexpr FieldOption kRuleFields[] = {kDefinition, kState};
constexpr FieldOption kRouteFields[] = {kDefinition};
constexpr FieldOption kUpstreamFields[] = {
    kDefinition,
    {.option = "--credential-header",
     .member = "credential_header",
     .type = "NAME",
     .help = "The header field that the upstream wants its credential in"},
    {.option = "--credential-value",
     .member = "credential_value",
     .form = kTextOrFile,
     .type = "TEXT",
     .help = "The credential; @FILE reads it, so that it stands in no list of processes"},
};
constexpr FieldOption kPriceFields[] = {
    {.option = "--provider", .member = "provider", .type = "NAME", .help = "The kind of upstream, or an upstream"},
    {.option = "--model", .member = "model", .type = "NAME", .help = "The model"},
    {.option = "--starts",
     .member = "starts_at",
     .form = kTime,
     .type = "TIME",
     .help = "From when on: 2027-01-01T00:00:00Z"},
    {.option = "--input",
     .member = "input_pico_dollars",
     .form = kPerMillion,
     .type = "DOLLARS",
     .help = "For a million input tokens: 2.50"},
    {.option = "--output",
     .member = "output_pico_dollars",
     .form = kPerMillion,
     .type = "DOLLARS",
     .help = "For a million output tokens"},
    {.option = "--cached-input",
     .member = "cached_input_pico_dollars",
     .form = kPerMillion,
     .type = "DOLLARS",
     .help = "For a million input tokens from a cache (default: as input)"},
    {.option = "--cache-write",
     .member = "cache_write_pico_dollars",
     .form = kPerMillion,
     .type = "DOLLARS",
     .help = "For a million tokens written to a cache (default: as input)"},
    {.option = "--reasoning",
     .member = "reasoning_pico_dollars",
     .form = kPerMillion,
     .type = "DOLLARS",
     .help = "For a million reasoning tokens (default: as output)"},
};
constexpr FieldOption kBudgetFields[] = {
    kWorkspace,
    {.option = "--key",
     .member = "key_id",
     .form = kReference,
     .type = "KEY",
     .help = "The key that may spend it",
     .refers_to = RecordKind::kApiKey},
    {.option = "--dollars", .member = "amount", .form = kDollars, .type = "DOLLARS", .help = "How much: 250 or 12.50"},
    {.option = "--tokens", .member = "amount", .form = kTokens, .type = "N", .help = "How many tokens, instead"},
    {.option = "--period", .member = "period", .type = "PERIOD", .help = "day, week, month or total (default month)"},
    {.option = "--time-zone", .member = "time_zone", .type = "ZONE", .help = "Of the period: Europe/Berlin"},
    {.option = "--mode", .member = "mode", .type = "MODE", .help = "hard refuses, soft only tells (default hard)"},
    {.option = "--unknown-price",
     .member = "unknown_price",
     .type = "WORD",
     .help = "block, default or allow what has no known price (default block)"},
    kState,
};
constexpr FieldOption kTokenFields[] = {
    {.option = "--role", .member = "role", .type = "ROLE", .help = "owner, admin, billing or viewer"},
    kWorkspace,
    kMember,
    kExpires,
};

constexpr TableColumn kNameColumn = {.title = "NAME", .member = "name"};
constexpr TableColumn kIdColumn = {.title = "ID", .member = "id"};
constexpr TableColumn kWorkspaceColumn = {
    .title = "WORKSPACE", .member = "workspace_id", .form = ColumnForm::kName, .refers_to = RecordKind::kWorkspace};
constexpr TableColumn kPlanColumn = {
    .title = "PLAN", .member = "plan_id", .form = ColumnForm::kName, .refers_to = RecordKind::kPlan};
constexpr TableColumn kLimitsColumn = {.title = "LIMITS", .member = "limits", .form = ColumnForm::kSize};
constexpr TableColumn kStateColumn = {.title = "STATE", .member = "state"};
constexpr TableColumn kChangedColumn = {.title = "CHANGED", .member = "updated_at", .form = ColumnForm::kTime};

constexpr TableColumn kKeyColumns[] = {
    kNameColumn,
    {.title = "KEY", .member = "last4", .form = ColumnForm::kKeyHint},
    kWorkspaceColumn,
    kPlanColumn,
    {.title = "STATE", .member = "revoked_at", .form = ColumnForm::kKeyState},
    {.title = "LAST USED", .member = "last_used_at", .form = ColumnForm::kTime},
    kIdColumn,
};
constexpr TableColumn kWorkspaceColumns[] = {
    kNameColumn, {.title = "TITLE", .member = "title"}, kPlanColumn, kStateColumn, kLimitsColumn, kChangedColumn,
    kIdColumn};
constexpr TableColumn kPlanColumns[] = {
    kNameColumn, {.title = "TITLE", .member = "title"}, kLimitsColumn, kChangedColumn, kIdColumn};
constexpr TableColumn kMemberColumns[] = {{.title = "EMAIL", .member = "email"},
                                          kNameColumn,
                                          {.title = "ROLE", .member = "role"},
                                          kWorkspaceColumn,
                                          kStateColumn,
                                          kIdColumn};
constexpr TableColumn kRuleColumns[] = {kNameColumn, kStateColumn, kChangedColumn, kIdColumn};
constexpr TableColumn kDefinedColumns[] = {kNameColumn, kChangedColumn, kIdColumn};
constexpr TableColumn kPriceColumns[] = {
    {.title = "PROVIDER", .member = "provider"},
    {.title = "MODEL", .member = "model"},
    {.title = "SINCE", .member = "starts_at", .form = ColumnForm::kTime},
    {.title = "INPUT $/M", .member = "input_pico_dollars", .form = ColumnForm::kPerMillion},
    {.title = "OUTPUT $/M", .member = "output_pico_dollars", .form = ColumnForm::kPerMillion},
    {.title = "CACHED $/M", .member = "cached_input_pico_dollars", .form = ColumnForm::kPerMillion},
    kIdColumn,
};
constexpr TableColumn kBudgetColumns[] = {kNameColumn,
                                          {.title = "AMOUNT", .member = "amount", .form = ColumnForm::kAmount},
                                          {.title = "PERIOD", .member = "period"},
                                          kWorkspaceColumn,
                                          {.title = "MODE", .member = "mode"},
                                          kStateColumn,
                                          kIdColumn};
constexpr TableColumn kTokenColumns[] = {kNameColumn,
                                         {.title = "ROLE", .member = "role"},
                                         kWorkspaceColumn,
                                         {.title = "STATE", .member = "revoked_at", .form = ColumnForm::kKeyState},
                                         kIdColumn};

// Others refer to those above them.
constexpr ResourceNoun kNouns[] = {
    {.noun = "plans",
     .singular = "plan",
     .about = "Named sets of limits that workspaces and keys share",
     .kind = RecordKind::kPlan,
     .collection = "plans",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kPlanFields,
     .columns = kPlanColumns},
    {.noun = "workspaces",
     .singular = "workspace",
     .about = "Customers, who have keys",
     .kind = RecordKind::kWorkspace,
     .collection = "workspaces",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kWorkspaceFields,
     .columns = kWorkspaceColumns},
    {.noun = "keys",
     .singular = "key",
     .about = "API keys: made, imported, rotated, revoked",
     .kind = RecordKind::kApiKey,
     .collection = "keys",
     .name_member = "name",
     .name_type = "KEY",
     .fields = kKeyFields,
     .columns = kKeyColumns,
     .name_is_unique = false,
     .has_secret = true},
    {.noun = "rules",
     .singular = "rule",
     .about = "Rules that are made while the service runs",
     .kind = RecordKind::kRule,
     .collection = "rules",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kRuleFields,
     .columns = kRuleColumns},
    {.noun = "upstreams",
     .singular = "upstream",
     .about = "Where the gateway sends requests",
     .kind = RecordKind::kUpstream,
     .collection = "upstreams",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kUpstreamFields,
     .columns = kDefinedColumns},
    {.noun = "routes",
     .singular = "route",
     .about = "Which requests the gateway takes",
     .kind = RecordKind::kRoute,
     .collection = "routes",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kRouteFields,
     .columns = kDefinedColumns},
    {.noun = "prices",
     .singular = "price",
     .about = "What a token of a model costs",
     .kind = RecordKind::kPrice,
     .collection = "prices",
     .name_member = "",
     .name_type = "ID",
     .fields = kPriceFields,
     .columns = kPriceColumns,
     .name_is_unique = false},
    {.noun = "budgets",
     .singular = "budget",
     .about = "How much a key or a workspace may spend",
     .kind = RecordKind::kBudget,
     .collection = "budgets",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kBudgetFields,
     .columns = kBudgetColumns},
    {.noun = "members",
     .singular = "member",
     .about = "People who sign in to the admin API",
     .kind = RecordKind::kMember,
     .collection = "members",
     .name_member = "email",
     .name_type = "EMAIL",
     .fields = kMemberFields,
     .columns = kMemberColumns,
     .name_is_unique = false},
    {.noun = "tokens",
     .singular = "token",
     .about = "What machines show to the admin API",
     .kind = RecordKind::kAdminToken,
     .collection = "tokens",
     .name_member = "name",
     .name_type = "NAME",
     .fields = kTokenFields,
     .columns = kTokenColumns,
     .has_secret = true},
};

}  // namespace

std::span<const ResourceNoun> resource_nouns() {
  return kNouns;
}

const ResourceNoun* find_noun(std::string_view noun) {
  const auto* const found = std::ranges::find(kNouns, noun, &ResourceNoun::noun);
  return found == std::end(kNouns) ? nullptr : found;
}

const ResourceNoun& noun_of(catalog::RecordKind kind) {
  const auto* const found = std::ranges::find(kNouns, kind, &ResourceNoun::kind);
  RG_CHECK(found != std::end(kNouns));
  return *found;
}

}  // namespace rateguard::app
