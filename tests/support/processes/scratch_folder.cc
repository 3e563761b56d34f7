#include "support/processes/scratch_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

namespace rateguard::test {

// In memory where there is such a place: Sentinels and replicas wait for the disk (fsync) in the middle of a failover,
// and a busy disk lets them wait for longer than a test does.
ScratchFolder::ScratchFolder() {
  for (const std::filesystem::path& parent :
       {std::filesystem::path("/dev/shm"), std::filesystem::temp_directory_path()}) {
    std::string name = (parent / "rateguard-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) continue;
    path_ = name;
    return;
  }
  std::abort();
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rateguard::test
