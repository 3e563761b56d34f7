// The folder of snapshots, made and tested before the service is ready.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::app {

enum class FolderWas : uint8_t { kThere, kMade };

// All errors are kIo, naming the folder and the system's reason.

// Makes the folder of `snapshot_path` and its parents if they are missing.
Result<FolderWas> make_snapshot_folder(const std::string& snapshot_path);
// Writes a small file beside the snapshot and removes it again: otherwise a folder that cannot be written to would only
// be noticed when the first counters are lost. REQUIRES: no other service writes the snapshot (snapshot_lock.h).
Result<void> try_snapshot_folder(const std::string& snapshot_path);
// "counters cannot be kept in the data folder /var/lib/rateguard: WHY"
Error cannot_keep(const std::string& snapshot_path, std::string_view why);

}  // namespace rateguard::app
