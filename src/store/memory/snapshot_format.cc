#include "store/memory/snapshot_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "algorithm/fixed_window.h"
#include "store/memory/crc32c.h"

namespace rateguard::memory {
namespace {

constexpr std::string_view kMagic = "RGCOUNT\n";
constexpr size_t kCrcBytes = 4;
// Bytes read at once: large enough that system calls cost little, small enough for any stack of buffers.
constexpr size_t kReadBytes = 64 * 1024;

enum Kind : uint8_t { kEnd = 0, kFixed = 1, kLog = 2, kHolds = 3 };

struct SnapshotHeader {
  std::array<char, 8> magic = {};
  uint32_t version = 0;
  uint32_t zero = 0;
  HashKey key;
  int64_t taken_at_us = 0;
};
static_assert(sizeof(SnapshotHeader) == 40);

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("the snapshot {}", what));
}

// Reads a snapshot from its first byte to its last, in order. The first error is kept.
class Reader {
 public:
  explicit Reader(const SnapshotSource& source) : source_(source), buffer_(kReadBytes) {}

  template <typename T>
  T get() {
    T value = {};
    take({reinterpret_cast<char*>(&value), sizeof value});
    return value;
  }
  // Skips what is buffered, at least one byte. REQUIRES: left() != 0.
  void skip() {
    get<char>();
    const std::span<const char> rest(buffer_.data() + at_, filled_ - at_);
    crc_ = crc32c(crc_, rest);
    position_ += rest.size();
    at_ = filled_;
  }
  // Bytes that are left before the checksum.
  uint64_t left() const { return source_.size - kCrcBytes - position_; }
  bool ok() const { return !error_; }
  std::unexpected<Error> error() const { return std::unexpected(*error_); }
  // The checksum of everything read so far.
  uint32_t crc() const { return crc_; }
  void expect_end_of_records() { source_end_ = source_.size; }

 private:
  void take(std::span<char> into) {
    while (!into.empty() && ok()) {
      if (at_ == filled_) fill();
      const size_t some = std::min(into.size(), filled_ - at_);
      std::memcpy(into.data(), buffer_.data() + at_, some);
      crc_ = crc32c(crc_, {buffer_.data() + at_, some});
      at_ += some;
      position_ += some;
      into = into.subspan(some);
    }
  }

  void fill() {
    const uint64_t end = source_end_ != 0 ? source_end_ : source_.size - kCrcBytes;
    const uint64_t wanted = std::min<uint64_t>(buffer_.size(), end - position_);
    at_ = filled_ = 0;
    if (wanted == 0) {
      error_ = corrupt("ends too soon").error();
      return;
    }
    const Result<size_t> got = source_.read(position_, {buffer_.data(), static_cast<size_t>(wanted)});
    if (!got) {
      error_ = got.error();
    } else if (*got == 0) {
      error_ = Error{.code = ErrorCode::kIo, .message = "the snapshot became shorter while it was read"};
    } else {
      filled_ = *got;
    }
  }

  const SnapshotSource& source_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t filled_ = 0;
  uint64_t position_ = 0;
  uint64_t source_end_ = 0;
  uint32_t crc_ = 0;
  std::optional<Error> error_;
};

// Moves times back by `us`.
struct Shift {
  int64_t us = 0;

  // Compared, not subtracted first: a file may hold any time at all.
  int64_t operator()(int64_t time_us) const { return time_us <= us ? 0 : time_us - us; }
  algorithm::State operator()(algorithm::State state) const {
    if (us == 0) return state;
    algorithm::State moved = state;
    // A charge by the wall clock names a calendar window, which is not moved (algorithm/fixed_window.h).
    const bool is_named =
        state.algorithm == algorithm::state_tag(Algorithm::kFixedWindow) && state.extra == algorithm::kByWallClock;
    const auto time_us = static_cast<int64_t>(state.time_us);
    algorithm::stamp_tag(moved, state.algorithm, Instant{is_named ? time_us : (*this)(time_us)},
                         static_cast<uint8_t>(state.extra));
    if (state.algorithm != algorithm::state_tag(Algorithm::kGcra) && state.algorithm < algorithm::kWideTagMin) {
      // The expiry, in whole seconds (algorithm/state.h); a fraction of a second in the shift makes it a little later.
      moved.z = static_cast<uint32_t>(std::max<int64_t>(0, int64_t{state.z} - us / 1'000'000));
    }
    return moved;
  }
};

struct Record {
  Fingerprint key;
  std::variant<algorithm::State, algorithm::WindowLog, algorithm::HoldSet> value;

  Instant expires_at() const {
    if (const auto* state = std::get_if<algorithm::State>(&value)) return algorithm::expires_at(*state);
    if (const auto* log = std::get_if<algorithm::WindowLog>(&value)) return log->expires_at();
    return std::get<algorithm::HoldSet>(value).expires_at();
  }
};

Result<algorithm::State> read_state(Reader& in, Shift shift) {
  const auto state = in.get<algorithm::State>();
  const bool known = state.algorithm >= 1 && state.algorithm <= algorithm::kStateTagMax;
  const bool fixed = state.algorithm != algorithm::state_tag(Algorithm::kSlidingWindowLog) &&
                     state.algorithm != algorithm::state_tag(Algorithm::kConcurrency);
  if (!known || !fixed) return corrupt("has a counter of no known algorithm");
  const bool is_wide = state.algorithm >= algorithm::kWideTagMin;
  if (is_wide && (state.extra & algorithm::kWideExponentMask) > algorithm::kWideExponentMax) {
    return corrupt("has a counter that never expires");
  }
  return shift(state);
}

Result<algorithm::WindowLog> read_log(Reader& in, Shift shift) {
  const auto expires_us = in.get<int64_t>();
  const auto count = in.get<uint32_t>();
  if (uint64_t{count} * (sizeof(int64_t) + sizeof(uint32_t)) > in.left())
    return corrupt("has a log longer than itself");
  std::vector<algorithm::WindowLog::Record> records(count);
  for (auto& record : records) {
    record.time.us = in.get<int64_t>();
    record.units = in.get<uint32_t>();
  }
  if (shift.us != 0) {
    // Records that would lie before the epoch have long expired.
    std::erase_if(records, [&](const auto& record) { return record.time.us < shift.us; });
    for (auto& record : records) record.time.us = shift(record.time.us);
  }
  return algorithm::WindowLog::restore(records, records.empty() ? Instant{} : Instant{shift(expires_us)});
}

Result<algorithm::HoldSet> read_holds(Reader& in, Shift shift) {
  const auto count = in.get<uint32_t>();
  if (uint64_t{count} * (2 * sizeof(uint64_t) + sizeof(uint32_t)) > in.left()) {
    return corrupt("has a set of holds longer than itself");
  }
  std::vector<algorithm::HoldSet::Hold> holds(count);
  for (auto& hold : holds) {
    hold.number = in.get<uint64_t>();
    hold.expires.us = in.get<int64_t>();
    hold.units = in.get<uint32_t>();
  }
  if (shift.us != 0) {
    std::erase_if(holds, [&](const auto& hold) { return hold.expires.us <= shift.us; });
    for (auto& hold : holds) hold.expires.us = shift(hold.expires.us);
  }
  return algorithm::HoldSet::restore(holds);
}

Result<Record> read_record(Reader& in, uint8_t kind, Shift shift) {
  Record record;
  record.key.head = in.get<uint64_t>();
  record.key.rest = in.get<uint32_t>();
  if (in.ok() && record.key.head == 0) return corrupt("has a counter without a key");
  const auto take = [&](auto value) -> Result<void> {
    if (!in.ok()) return in.error();
    if (!value) return std::unexpected(value.error());
    record.value = std::move(*value);
    return {};
  };
  Result<void> taken;
  switch (kind) {
    case kFixed:
      taken = take(read_state(in, shift));
      break;
    case kLog:
      taken = take(read_log(in, shift));
      break;
    case kHolds:
      taken = take(read_holds(in, shift));
      break;
    default:
      return corrupt("has a record of no known kind");
  }
  if (!taken) return std::unexpected(taken.error());
  return record;
}

// The rest of a snapshot of another version, whose records are unknown here. Every version ends with a checksum of
// everything before it, which distinguishes another version from damage.
std::unexpected<Error> other_version(Reader& in, uint32_t version) {
  while (in.ok() && in.left() != 0) in.skip();
  if (!in.ok()) return in.error();
  const uint32_t computed = in.crc();
  in.expect_end_of_records();
  const auto stored = in.get<uint32_t>();
  if (!in.ok()) return in.error();
  if (stored != computed) return corrupt("is damaged: its checksum does not match");
  return invalid(
      fmt::format("the snapshot is of format version {}; this program reads version {}", version, kSnapshotVersion));
}

Result<SnapshotHeader> read_header(Reader& in) {
  const auto header = in.get<SnapshotHeader>();
  if (!in.ok()) return in.error();
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic)
    return corrupt("is not a snapshot of counters");
  if (header.version != kSnapshotVersion) return other_version(in, header.version);
  if (header.zero != 0) return corrupt("is damaged: its header does not end with zeros");
  if (header.taken_at_us < 0 || header.taken_at_us > Instant::max().us) return corrupt("was taken at no possible time");
  return header;
}

// One pass from the first byte to the last. `apply` takes each record.
template <typename Apply>
Result<SnapshotHeader> read_all(const SnapshotSource& source, Instant now, Apply&& apply) {
  if (source.size < sizeof(SnapshotHeader) + 1 + sizeof(uint64_t) + kCrcBytes) return corrupt("ends too soon");
  Reader in(source);
  const Result<SnapshotHeader> header = read_header(in);
  if (!header) return header;
  const Shift shift = {std::max<int64_t>(0, header->taken_at_us - now.us)};
  uint64_t records = 0;
  for (;;) {
    const auto kind = in.get<uint8_t>();
    if (!in.ok()) return in.error();
    if (kind == kEnd) break;
    Result<Record> record = read_record(in, kind, shift);
    if (!record) return std::unexpected(record.error());
    ++records;
    apply(*header, std::move(*record));
  }
  const auto promised = in.get<uint64_t>();
  if (!in.ok()) return in.error();
  if (promised != records || in.left() != 0) return corrupt("has not as many records as it says");
  const uint32_t computed = in.crc();
  in.expect_end_of_records();
  const auto stored = in.get<uint32_t>();
  if (!in.ok()) return in.error();
  if (stored != computed) return corrupt("is damaged: its checksum does not match");
  return header;
}

}  // namespace

SnapshotEncoder::SnapshotEncoder(const HashKey& key, Instant taken_at) {
  SnapshotHeader header = {.version = kSnapshotVersion, .key = key, .taken_at_us = taken_at.us};
  std::ranges::copy(kMagic, header.magic.begin());
  put(header);
}

template <typename T>
void SnapshotEncoder::put(const T& value) {
  const size_t at = bytes_.size();
  bytes_.resize(at + sizeof value);
  std::memcpy(bytes_.data() + at, &value, sizeof value);
}

void SnapshotEncoder::add(const MemoryStore::Counter& counter) {
  ++records_;
  put(static_cast<uint8_t>(counter.log != nullptr ? kLog : counter.holds != nullptr ? kHolds : kFixed));
  put(counter.key.head);
  put(counter.key.rest);
  if (counter.log != nullptr) {
    put(counter.log->expires_at().us);
    const std::vector<algorithm::WindowLog::Record> records = counter.log->records();
    put(static_cast<uint32_t>(records.size()));
    for (const auto& record : records) {
      put(record.time.us);
      put(record.units);
    }
  } else if (counter.holds != nullptr) {
    const std::vector<algorithm::HoldSet::Hold> holds = counter.holds->holds();
    put(static_cast<uint32_t>(holds.size()));
    for (const auto& hold : holds) {
      put(hold.number);
      put(hold.expires.us);
      put(hold.units);
    }
  } else {
    put(counter.state);
  }
}

void SnapshotEncoder::finish() {
  put(static_cast<uint8_t>(kEnd));
  put(records_);
  put(crc32c(crc_, bytes_));
}

void SnapshotEncoder::clear() {
  crc_ = crc32c(crc_, bytes_);
  bytes_.clear();
}

Result<Restored> restore_snapshot(MemoryStore& store, const SnapshotSource& source, Instant now) {
  const auto checked = read_all(source, now, [](const SnapshotHeader&, Record&&) {});
  if (!checked) return std::unexpected(checked.error());
  store.adopt_hash_key(checked->key);
  Restored result = {.taken_at = {checked->taken_at_us}};
  const auto loaded = read_all(source, now, [&](const SnapshotHeader&, Record&& record) {
    if (record.expires_at() <= now) {
      ++result.expired;
      return;
    }
    const bool kept =
        std::visit([&](auto&& value) { return store.restore(record.key, std::move(value)); }, record.value);
    if (!kept) ++result.no_room;
  });
  if (!loaded) {
    store.clear();
    return std::unexpected(loaded.error());
  }
  result.counters = store.stats().keys;
  return result;
}

}  // namespace rateguard::memory
