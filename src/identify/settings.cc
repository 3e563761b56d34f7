#include "identify/settings.h"

#include <fmt/format.h>

#include <array>

#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

constexpr Choice<identify::ApiKeys> kApiKeys[] = {{"any", identify::ApiKeys::kAny},
                                                  {"catalog", identify::ApiKeys::kCatalog}};

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
const FieldType& field_type<identify::IdentitySource>() {
  return kValueField<identify::IdentitySource, parse_source, print_source>;
}
template <>
const FieldType& field_type<std::vector<IpPrefix>>() {
  return kListField<IpPrefix, prefix_of>;
}
template <>
const FieldType& field_type<identify::ApiKeys>() {
  return kChoiceField<identify::ApiKeys, kApiKeys>;
}

}  // namespace rateguard

namespace rateguard::identify {
namespace {

constexpr int64_t kHour = 3'600'000'000;

constexpr auto kClientAddressRows = std::to_array<SettingRow<Settings>>({
    {.key = "listen.trusted_proxies",
     .fallback = "[]",
     .bounds = "addresses or prefixes, such as 10.0.0.0/8",
     .meaning = "Peers whose `Forwarded` and `X-Forwarded-For` are believed.",
     .field = field_of<&Settings::trusted_proxies>},
    {.key = "listen.ipv6_prefix",
     .fallback = "64",
     .bounds = "1 to 128",
     .meaning = "How many bits of an IPv6 address name one caller.",
     .field = field_of<&Settings::prefix_v6>,
     .min = 1,
     .max = 128},
});

constexpr auto kIdentityRows = std::to_array<SettingRow<Settings>>({
    {.key = "identity.user",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the user is read from.",
     .field = field_of<&Settings::user>},
    {.key = "identity.workspace",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the workspace is read from.",
     .field = field_of<&Settings::workspace>},
    {.key = "identity.plan",
     .fallback = "",
     .bounds = "header:NAME, cookie:NAME or jwt:CLAIM",
     .meaning = "Where the plan is read from, for `by_plan`.",
     .field = field_of<&Settings::plan>},
    {.key = "identity.api_keys",
     .fallback = "any",
     .bounds = "any or catalog",
     .meaning = "Which API keys there are: any text is one, or those of the catalog.",
     .field = field_of<&Settings::api_keys>},
    {.key = "identity.jwt.key_file",
     .fallback = "",
     .bounds = "a file of PEM public keys or a JWK Set",
     .meaning = "The keys that verify tokens. Without one no token is believed.",
     .field = field_of<&Settings::jwt, &JwtSettings::key_file>},
    {.key = "identity.jwt.issuer",
     .fallback = "",
     .bounds = "text",
     .meaning = "The `iss` that a token must have. Empty: any.",
     .field = field_of<&Settings::jwt, &JwtSettings::issuer>},
    {.key = "identity.jwt.audience",
     .fallback = "",
     .bounds = "text",
     .meaning = "What a token's `aud` must contain. Empty: anything.",
     .field = field_of<&Settings::jwt, &JwtSettings::audience>},
    {.key = "identity.jwt.leeway",
     .fallback = "60s",
     .bounds = "0s to 1h",
     .meaning = "How far the clocks of issuer and server may be apart.",
     .field = field_of<&Settings::jwt, &JwtSettings::leeway>,
     .max = kHour},
});

}  // namespace

std::span<const SettingRow<Settings>> client_address_setting_rows() {
  return kClientAddressRows;
}

std::span<const SettingRow<Settings>> identity_setting_rows() {
  return kIdentityRows;
}

}  // namespace rateguard::identify
