#include "store/memory/snapshot.h"

#include <fmt/format.h>

#include <utility>

namespace rateguard {

using memory::FileOps;
using memory::ReadFile;
using memory::Restored;
using memory::SnapshotEncoder;
using memory::SnapshotSource;

namespace {

// Bytes collected before they are written: few system calls, and little memory compared with the counters'.
constexpr size_t kWriteBytes = 256 * 1024;

Result<uint64_t> write_counters(MemoryStore& store, Instant now, SnapshotEncoder& encoder, int file,
                                const FileOps& files) {
  uint64_t written = 0;
  const auto flush = [&]() -> Result<void> {
    const auto done = files.write(file, encoder.bytes());
    written += encoder.bytes().size();
    encoder.clear();
    return done;
  };
  // A group that splits meanwhile moves counters to groups with larger numbers, which are still to come.
  for (size_t group = 0; group < store.groups_end(); ++group) {
    store.visit_group(group, [&](const MemoryStore::Counter& counter) {
      const bool live = counter.log != nullptr     ? counter.log->expires_at() > now
                        : counter.holds != nullptr ? counter.holds->expires_at() > now
                                                   : algorithm::expires_at(counter.state) > now;
      if (live) encoder.add(counter);
    });
    if (encoder.bytes().size() < kWriteBytes) continue;
    if (const auto done = flush(); !done) return std::unexpected(done.error());
  }
  encoder.finish();
  if (const auto done = flush(); !done) return std::unexpected(done.error());
  return written;
}

// Closes the file in any case; the first error is reported.
Result<uint64_t> write_file(MemoryStore& store, Instant now, SnapshotEncoder& encoder, int file, const FileOps& files) {
  Result<uint64_t> written = write_counters(store, now, encoder, file, files);
  if (written) {
    if (const auto synced = files.sync(file); !synced) written = std::unexpected(synced.error());
  }
  const auto closed = files.close(file);
  if (written && !closed) written = std::unexpected(closed.error());
  return written;
}

}  // namespace

Result<SnapshotSaved> save_snapshot(MemoryStore& store, const std::string& path, Instant now, const FileOps& files) {
  const std::string aside = path + ".tmp";
  const Result<int> file = files.create(aside);
  if (!file) return std::unexpected(file.error());
  SnapshotEncoder encoder(store.hash_key(), now);
  const Result<uint64_t> written = write_file(store, now, encoder, *file, files);
  Result<void> renamed;
  if (!written) {
    renamed = std::unexpected(written.error());
  } else {
    renamed = files.rename(aside, path);
  }
  if (!renamed) {
    (void)files.remove(aside);  // the earlier error is reported
    return std::unexpected(renamed.error());
  }
  if (const auto synced = files.sync_directory(path); !synced) return std::unexpected(synced.error());
  return SnapshotSaved{.records = encoder.records(), .bytes = *written};
}

Result<Restored> load_snapshot(MemoryStore& store, const std::string& path, Instant now) {
  const Result<ReadFile> file = ReadFile::open(path);
  if (!file) return std::unexpected(file.error());
  const SnapshotSource source = {
      .size = file->size(), .read = [&](uint64_t offset, std::span<char> into) { return file->read(offset, into); }};
  Result<Restored> restored = restore_snapshot(store, source, now);
  if (!restored) {
    Error error = std::move(restored.error());
    error.message = fmt::format("{}: {}", path, error.message);
    return std::unexpected(std::move(error));
  }
  return restored;
}

Result<std::string> set_aside(const std::string& path, ErrorCode why, Instant now, const FileOps& files) {
  const std::string_view what = why == ErrorCode::kInvalid ? "other-version" : "damaged";
  std::string name = fmt::format("{}.{}-{}", path, what, now.us / 1'000'000);
  if (const auto renamed = files.rename(path, name); !renamed) return std::unexpected(renamed.error());
  return name;
}

}  // namespace rateguard
