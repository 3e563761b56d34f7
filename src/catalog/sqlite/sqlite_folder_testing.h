// A folder for the SQLite files of a test, removed with everything in it.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace rateguard::catalog {

class SqliteFolder {
 public:
  // In memory where there is such a place: tests need no disk that survives them.
  SqliteFolder() {
    for (const std::filesystem::path& parent :
         {std::filesystem::path("/dev/shm"), std::filesystem::temp_directory_path()}) {
      std::string name = (parent / "rateguard-catalog-XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) continue;
      path_ = name;
      return;
    }
    std::abort();
  }
  ~SqliteFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SqliteFolder(const SqliteFolder&) = delete;
  SqliteFolder& operator=(const SqliteFolder&) = delete;

  std::string file() const { return (path_ / "catalog.db").string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rateguard::catalog
