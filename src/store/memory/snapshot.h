// Counters across a restart: a file that is always either a complete snapshot or the complete previous one.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/instant.h"
#include "store/memory/file_ops.h"
#include "store/memory/memory_store.h"
#include "store/memory/snapshot_format.h"

namespace rateguard {

struct SnapshotSaved {
  uint64_t records = 0;
  uint64_t bytes = 0;
};

// Writes every counter to `path`: to a temporary file (PATH.tmp), synced, then renamed. Decisions continue meanwhile:
// one group of counters is locked at a time, while it is copied. Each counter is as it was at some instant of the call;
// two counters may be from different instants. On any error the file at `path` is unchanged. Errors: kIo. Any thread,
// but only one at a time per path. The file holds the secret of the hash; only its owner may read it (mode 0600).
Result<SnapshotSaved> save_snapshot(MemoryStore& store, const std::string& path, Instant now,
                                    const memory::FileOps& files = memory::FileOps::posix());

// Loads what save_snapshot wrote, completely or not at all. Errors: kNotFound (no such file: a first start), kIo,
// kCorrupt and kInvalid for a file of another version (the caller sets it aside and starts empty). REQUIRES: the store
// is empty and no other thread uses it.
Result<memory::Restored> load_snapshot(MemoryStore& store, const std::string& path, Instant now);

// Renames a snapshot that cannot be loaded because of `why` to PATH.damaged-<seconds of now>, or
// PATH.other-version-<...> for kInvalid, and returns that name. Errors: kIo.
Result<std::string> set_aside(const std::string& path, ErrorCode why, Instant now,
                              const memory::FileOps& files = memory::FileOps::posix());

}  // namespace rateguard
