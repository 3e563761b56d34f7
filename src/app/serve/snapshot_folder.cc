#include "app/serve/snapshot_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "store/memory/file_ops.h"

namespace rateguard::app {
namespace {

constexpr char kTrial[] = "rateguard tries whether it can write here\n";

Result<void> try_to_write(const std::string& path) {
  const memory::FileOps& files = memory::FileOps::posix();
  const Result<int> file = files.create(path);
  if (!file) return std::unexpected(file.error());
  Result<void> written = files.write(*file, {kTrial, sizeof kTrial - 1});
  if (written) written = files.sync(*file);
  const Result<void> closed = files.close(*file);
  if (written) written = closed;
  const Result<void> removed = files.remove(path);
  return written ? removed : written;
}

}  // namespace

Result<FolderWas> make_snapshot_folder(const std::string& snapshot_path) {
  const std::filesystem::path folder = std::filesystem::path(snapshot_path).parent_path();
  std::error_code error;
  const bool made = !folder.empty() && std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorCode::kIo,
                fmt::format("the data folder {} is not there and cannot be made: {}; create it, or name another with "
                            "--data or the store's snapshot",
                            folder.string(), error.message()));
  }
  return made ? FolderWas::kMade : FolderWas::kThere;
}

Result<void> try_snapshot_folder(const std::string& snapshot_path) {
  // The name of a snapshot while it is written: no other file ever has it.
  if (const auto good = try_to_write(snapshot_path + ".tmp"); !good) {
    return std::unexpected(cannot_keep(snapshot_path, good.error().message));
  }
  return {};
}

Error cannot_keep(const std::string& snapshot_path, std::string_view why) {
  const std::filesystem::path folder = std::filesystem::path(snapshot_path).parent_path();
  return {.code = ErrorCode::kIo,
          .message = fmt::format("counters cannot be kept in the data folder {}: {}",
                                 folder.empty() ? "." : folder.string(), why)};
}

}  // namespace rateguard::app
