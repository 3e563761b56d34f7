// The types that settings of this module have.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "config/config.h"
#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

using config::EnvoyCompat;

constexpr Choice<HeaderStyle> kHeaderStyles[] = {{"ietf", HeaderStyle::kIetf},     {"draft7", HeaderStyle::kDraft7},
                                                 {"draft6", HeaderStyle::kDraft6}, {"draft03", HeaderStyle::kDraft03},
                                                 {"legacy", HeaderStyle::kLegacy}, {"off", HeaderStyle::kOff}};
constexpr Choice<EnvoyCompat> kEnvoyCompat[] = {{"off", EnvoyCompat::kOff}, {"envoyproxy", EnvoyCompat::kEnvoyproxy}};
constexpr Choice<identify::ApiKeys> kApiKeys[] = {{"any", identify::ApiKeys::kAny},
                                                  {"catalog", identify::ApiKeys::kCatalog}};
constexpr Choice<OnCatalogFailure> kOnCatalogFailure[] = {{"deny", OnCatalogFailure::kDeny},
                                                          {"serve_stale", OnCatalogFailure::kServeStale}};

// An empty text takes the source away, as the environment may.
Result<void> parse_source(identify::IdentitySource& field, std::string_view text, const FieldBounds&) {
  if (text.empty()) return set_field(field, Result<identify::IdentitySource>(identify::IdentitySource{}));
  return set_field(field, identify::IdentitySource::parse(text));
}
std::string print_source(const identify::IdentitySource& field) {
  return fmt::format("{}:{}", static_cast<int>(field.kind), field.name);
}

Result<IpPrefix> prefix_of(std::string_view text, const FieldBounds&) {
  return IpPrefix::parse(text);
}

}  // namespace

template <>
const FieldType& field_type<HeaderStyle>() {
  return kChoiceField<HeaderStyle, kHeaderStyles>;
}
template <>
const FieldType& field_type<EnvoyCompat>() {
  return kChoiceField<EnvoyCompat, kEnvoyCompat>;
}
template <>
const FieldType& field_type<identify::ApiKeys>() {
  return kChoiceField<identify::ApiKeys, kApiKeys>;
}
template <>
const FieldType& field_type<OnCatalogFailure>() {
  return kChoiceField<OnCatalogFailure, kOnCatalogFailure>;
}
template <>
const FieldType& field_type<identify::IdentitySource>() {
  return kValueField<identify::IdentitySource, parse_source, print_source>;
}
template <>
const FieldType& field_type<std::vector<IpPrefix>>() {
  return kListField<IpPrefix, prefix_of>;
}

}  // namespace rateguard
