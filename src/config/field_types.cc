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
using config::StoreType;
using config::WhenFull;

constexpr Choice<HeaderStyle> kHeaderStyles[] = {{"ietf", HeaderStyle::kIetf},     {"draft7", HeaderStyle::kDraft7},
                                                 {"draft6", HeaderStyle::kDraft6}, {"draft03", HeaderStyle::kDraft03},
                                                 {"legacy", HeaderStyle::kLegacy}, {"off", HeaderStyle::kOff}};
constexpr Choice<WhenFull> kWhenFull[] = {{"evict", WhenFull::kEvict}, {"refuse", WhenFull::kRefuse}};
constexpr Choice<EnvoyCompat> kEnvoyCompat[] = {{"off", EnvoyCompat::kOff}, {"envoyproxy", EnvoyCompat::kEnvoyproxy}};
constexpr Choice<StoreType> kStoreTypes[] = {{"memory", StoreType::kMemory}, {"redis", StoreType::kRedis}};
constexpr Choice<OnStoreFailure> kOnStoreFailure[] = {
    {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};
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

// Url's messages never show a password, and so show nothing of the text. Empty takes it away, as the environment may.
Result<void> parse_url(std::optional<redis::Url>& field, std::string_view text, const FieldBounds&) {
  if (text.empty()) return set_field(field, Result<std::optional<redis::Url>>(std::nullopt));
  return set_field(field, Result<std::optional<redis::Url>>(redis::Url::parse(text)));
}
std::string print_url(const std::optional<redis::Url>& field) {
  return field ? field->to_string() : "none";
}

Result<redis::Url> url_of(std::string_view text, const FieldBounds&) {
  return redis::Url::parse(text);
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
const FieldType& field_type<WhenFull>() {
  return kChoiceField<WhenFull, kWhenFull>;
}
template <>
const FieldType& field_type<EnvoyCompat>() {
  return kChoiceField<EnvoyCompat, kEnvoyCompat>;
}
template <>
const FieldType& field_type<StoreType>() {
  return kChoiceField<StoreType, kStoreTypes>;
}
template <>
const FieldType& field_type<OnStoreFailure>() {
  return kChoiceField<OnStoreFailure, kOnStoreFailure>;
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
const FieldType& field_type<std::optional<redis::Url>>() {
  return kValueField<std::optional<redis::Url>, parse_url, print_url>;
}
template <>
const FieldType& field_type<std::vector<redis::Url>>() {
  return kListField<redis::Url, url_of>;
}
template <>
const FieldType& field_type<std::vector<IpPrefix>>() {
  return kListField<IpPrefix, prefix_of>;
}

}  // namespace rateguard
