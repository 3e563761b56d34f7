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

}  // namespace

template <>
const FieldType& field_type<HeaderStyle>() {
  return kChoiceField<HeaderStyle, kHeaderStyles>;
}
template <>
const FieldType& field_type<EnvoyCompat>() {
  return kChoiceField<EnvoyCompat, kEnvoyCompat>;
}

}  // namespace rateguard
