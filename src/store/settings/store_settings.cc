#include "store/settings/store_settings.h"

#include <array>

#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

constexpr Choice<FullPolicy> kFullPolicies[] = {{"evict", FullPolicy::kEvict}, {"refuse", FullPolicy::kRefuse}};
constexpr Choice<StoreType> kStoreTypes[] = {{"memory", StoreType::kMemory}, {"redis", StoreType::kRedis}};

}  // namespace

template <>
const FieldType& field_type<FullPolicy>() {
  return kChoiceField<FullPolicy, kFullPolicies>;
}
template <>
const FieldType& field_type<StoreType>() {
  return kChoiceField<StoreType, kStoreTypes>;
}

namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3'600'000'000;

constexpr auto kStoreRows = std::to_array<SettingRow<StoreSettings>>({
    {.key = "stores.NAME.type",
     .fallback = "memory",
     .bounds = "memory or redis",
     .meaning = "Where counters live: in this process, or in a Redis that several instances share.",
     .field = field_of<&StoreSettings::type>},
    {.key = "stores.NAME.max_keys",
     .fallback = "1000000",
     .bounds = "1 to 4000000000",
     .meaning = "Counters at once; with redis, those kept here while it fails.",
     .field = field_of<&StoreSettings::max_keys>,
     .min = 1,
     .max = 4'000'000'000},
    {.key = "stores.NAME.when_full",
     .fallback = "evict",
     .bounds = "evict or refuse",
     .meaning = "What happens to a new counter when only live ones remain: the one nearest to being fresh is "
                "evicted, or the request is refused.",
     .field = field_of<&StoreSettings::when_full>},
});

constexpr auto kSnapshotRows = std::to_array<SettingRow<StoreSettings>>({
    {.key = "stores.NAME.snapshot",
     .fallback = "",
     .bounds = "a file",
     .meaning = "memory: where counters are kept across a restart. Without one: in `data_dir`, where that is set.",
     .field = field_of<&StoreSettings::snapshot>},
    {.key = "stores.NAME.snapshot_interval",
     .fallback = "60s",
     .bounds = "1s to 24h",
     .meaning = "memory: how often the snapshot is written.",
     .field = field_of<&StoreSettings::snapshot_interval>,
     .min = kSecond,
     .max = 24 * kHour},
});

}  // namespace

std::span<const SettingRow<StoreSettings>> store_setting_rows() {
  return kStoreRows;
}

std::span<const SettingRow<StoreSettings>> snapshot_setting_rows() {
  return kSnapshotRows;
}

}  // namespace rateguard
