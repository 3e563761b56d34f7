// The folder that snapshots go to, made and tried before the service says that it is ready.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace rateguard::app {

enum class FolderWas : uint8_t { kThere, kMade };

// Makes the folder of `snapshot_path` where there is none, its parents too, and writes a small file beside the
// snapshot, which it removes again: a folder that takes no file would only be noticed when the first counters are lost.
// Errors: kIo, naming the folder and the system's reason.
Result<FolderWas> prepare_snapshot_folder(const std::string& snapshot_path);

}  // namespace rateguard::app
