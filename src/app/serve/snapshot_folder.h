// The folder of snapshots, made and tested before the service is ready.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace rateguard::app {

enum class FolderWas : uint8_t { kThere, kMade };

// Makes the folder of `snapshot_path` and its parents if they are missing, and writes a small file beside the snapshot,
// which it removes again: otherwise a folder that cannot be written to would only be noticed when the first counters
// are lost. Errors: kIo, naming the folder and the system's reason.
Result<FolderWas> prepare_snapshot_folder(const std::string& snapshot_path);

}  // namespace rateguard::app
