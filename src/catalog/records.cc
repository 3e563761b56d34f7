#include "catalog/records.h"

#include <array>

namespace rateguard::catalog {
namespace {

template <size_t... I>
constexpr bool are_in_order(std::index_sequence<I...>) {
  return ((std::variant_alternative_t<I, AnyRecord>::kKind == static_cast<RecordKind>(I)) && ...);
}
static_assert(are_in_order(std::make_index_sequence<kRecordKinds>()));

template <size_t... I>
AnyRecord empty_alternative(size_t index, std::index_sequence<I...>) {
  using Make = AnyRecord (*)();
  static constexpr std::array<Make, sizeof...(I)> kMakers = {
      []() -> AnyRecord { return std::variant_alternative_t<I, AnyRecord>(); }...};
  return kMakers[index]();
}

}  // namespace

AnyRecord empty_record(RecordKind kind) {
  return empty_alternative(static_cast<size_t>(kind), std::make_index_sequence<kRecordKinds>());
}

}  // namespace rateguard::catalog
