// Folders for what a test, or a server that it starts, keeps in files.
#pragma once

#include <filesystem>

namespace rateguard::test {

// A folder below the system's temporary one, removed with everything in it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rateguard::test
