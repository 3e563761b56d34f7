// Snapshot files: whatever the bytes, a restore ends with the whole of it or with an empty store and a reason.
//
// An even first byte: the rest is the file as it is. An odd one: the checksum at its end is put right first, so that
// what lies behind the checksum is reached.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "store/memory/crc32c.h"
#include "store/memory/memory_store.h"
#include "store/memory/snapshot_format.h"

namespace rateguard::memory {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);

std::unique_ptr<MemoryStore> empty_store() {
  MemoryStoreOptions options{.max_keys = 512, .log_bytes_max = 1 << 20};
  options.hash_key = HashKey{};
  return MemoryStore::create(options).value();
}

SnapshotSource source_of(const std::vector<char>& file) {
  return {.size = file.size(), .read = [&file](uint64_t offset, std::span<char> into) -> Result<size_t> {
            const size_t count = offset >= file.size() ? 0 : std::min<size_t>(into.size(), file.size() - offset);
            if (count > 0) std::memcpy(into.data(), file.data() + offset, count);
            return count;
          }};
}

// Every counter of `store` as the bytes of a file.
std::vector<char> saved(MemoryStore& store) {
  SnapshotEncoder encoder(store.hash_key(), kNow);
  for (size_t group = 0; group < store.groups_end(); ++group) {
    store.visit_group(group, [&](const MemoryStore::Counter& counter) { encoder.add(counter); });
  }
  encoder.finish();
  return {encoder.bytes().begin(), encoder.bytes().end()};
}

}  // namespace
}  // namespace rateguard::memory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  using namespace rateguard::memory;
  if (size == 0) return 0;
  std::vector<char> file(reinterpret_cast<const char*>(data) + 1, reinterpret_cast<const char*>(data) + size);
  if (data[0] % 2 == 1 && file.size() >= sizeof(uint32_t)) {
    const size_t body = file.size() - sizeof(uint32_t);
    const uint32_t crc = crc32c(0, {file.data(), body});
    std::memcpy(file.data() + body, &crc, sizeof crc);
  }

  const auto store = empty_store();
  const auto restored = restore_snapshot(*store, source_of(file), kNow);
  if (!restored) {
    RG_CHECK(store->stats().keys == 0);
    RG_CHECK(!restored.error().message.empty());
    return 0;
  }
  // What was taken over can be written and taken over again.
  const auto again = empty_store();
  const auto second = restore_snapshot(*again, source_of(saved(*store)), kNow);
  RG_CHECK(second.has_value());
  RG_CHECK(again->stats().keys == store->stats().keys);
  return 0;
}
