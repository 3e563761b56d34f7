#include "simulate/logs/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "simulate/logs/decompressor.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// One read of the kernel's: large enough that system calls do not show, small enough to stay in the second-level cache.
constexpr size_t kReadBytes = 256 * 1024;
// Enough to recognise every kind of file below: the first block of a tar archive.
constexpr size_t kMagicBytes = 512;

using namespace std::string_view_literals;  // the magics hold NUL bytes

constexpr std::string_view kGzip = "\x1F\x8B"sv;
constexpr std::string_view kZstd = "\x28\xB5\x2F\xFD"sv;

// Files that people may pass instead of a log, by their first bytes, with the command that converts them to text.
struct Kind {
  std::string_view magic;
  std::string_view name;
  std::string_view command;  // with {} for the file
  size_t at = 0;             // where the magic stands
};
constexpr std::string_view kPackets =
    "tshark -r {} -Y http.request -T fields -E header=y -E separator=, -e frame.time_epoch -e ip.src "
    "-e http.request.method -e http.request.uri";
constexpr Kind kKinds[] = {
    {"\xFD"
     "7zXZ\0"sv,
     "xz", "xzcat {}"},
    {"BZh"sv, "bzip2", "bzcat {}"},
    {"PK\x03\x04"sv, "a zip archive", "unzip -p {}"},
    {"\x04\x22\x4D\x18"sv, "lz4", "lz4cat {}"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "7z x -so {}"},
    {"\x1F\x9D"sv, "compress (.Z)", "zcat {}"},
    {"\xFF\xFE\0\0"sv, "UTF-32", "iconv -f UTF-32 -t UTF-8 {}"},  // before UTF-16, whose mark it begins with
    {"\0\0\xFE\xFF"sv, "UTF-32", "iconv -f UTF-32 -t UTF-8 {}"},
    {"\xFF\xFE"sv, "UTF-16", "iconv -f UTF-16 -t UTF-8 {}"},
    {"\xFE\xFF"sv, "UTF-16", "iconv -f UTF-16 -t UTF-8 {}"},
    {"ustar"sv, "a tar archive", "tar -xOf {}", 257},  // POSIX 1003.1, pax: tar knows itself how it is compressed
    {"Rar!\x1A\x07"sv, "a rar archive", "unrar p -inul {}"},
    {"PAR1"sv, "a Parquet file", "duckdb -c \"COPY (FROM '{}') TO '/dev/stdout' (FORMAT csv)\""},
    {"SQLite format 3\0"sv, "an SQLite database", "sqlite3 -header -csv {} 'SELECT * FROM ...'"},
    {"LPKSHHRH"sv, "a journal of systemd", "journalctl -o cat --file {}"},
    {"\xD4\xC3\xB2\xA1"sv, "a packet capture", kPackets},
    {"\xA1\xB2\xC3\xD4"sv, "a packet capture", kPackets},
    {"\x4D\x3C\xB2\xA1"sv, "a packet capture", kPackets},  // with nanoseconds
    {"\x0A\x0D\x0D\x0A"sv, "a packet capture", kPackets},  // pcapng
};
constexpr size_t kPathChars = 200;
constexpr std::string_view kStandardInput = "standard input";

}  // namespace

struct ByteSource::State {
  int fd = -1;
  std::string path;
  uint64_t taken = 0;
  uint64_t total = 0;
  uint64_t left = UINT64_MAX;  // of the part that is to be read
  bool is_regular = false;
  bool started = false;
  bool looked_inside = false;                  // whether the first of what was compressed is known to be no archive
  std::unique_ptr<Decompressor> decompressor;  // null: plain
  std::array<char, kReadBytes> input = {};
  size_t input_at = 0;
  size_t input_end = 0;

  ~State() {
    if (fd > STDIN_FILENO) close(fd);
  }

  Error error(ErrorCode code, std::string message) const {
    return {.code = code, .message = std::move(message), .position = {.file = path}};
  }

  Result<size_t> read_raw(char* out, size_t size) {
    size = std::min<uint64_t>(size, left);
    if (size == 0) return 0;
    for (;;) {
      const ssize_t got = ::read(fd, out, size);
      if (got >= 0) {
        taken += static_cast<uint64_t>(got);
        left -= static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      if (errno != EINTR)
        return std::unexpected(error(ErrorCode::kIo, fmt::format("cannot read: {}", strerror(errno))));
    }
  }

  // Reads until the bytes that tell what the file is are there, or the end is.
  Result<void> start() {
    started = true;
    while (input_end < kMagicBytes) {
      const auto got = read_raw(input.data() + input_end, input.size() - input_end);
      if (!got) return std::unexpected(got.error());
      if (*got == 0) break;
      input_end += *got;
    }
    const std::string_view head(input.data(), input_end);
    if (std::string why = unreadable_kind(head, path); !why.empty()) {
      return std::unexpected(error(ErrorCode::kInvalid, std::move(why)));
    }
    const bool gzip = head.starts_with(kGzip);
    if (!gzip && !head.starts_with(kZstd)) return {};
    decompressor = gzip ? make_gzip_decompressor() : make_zstd_decompressor();
    if (decompressor == nullptr) return std::unexpected(error(ErrorCode::kExhausted, "no memory to decompress"));
    return {};
  }

  Result<size_t> read_plain(char* out, size_t size) {
    if (input_at < input_end) {
      const size_t count = std::min(size, input_end - input_at);
      std::memcpy(out, input.data() + input_at, count);
      input_at += count;
      return count;
    }
    return read_raw(out, size);
  }

  Result<size_t> read_compressed(char* out, size_t size) {
    for (;;) {
      std::string_view in(input.data() + input_at, input_end - input_at);
      const auto made = decompressor->decompress(in, out, size);
      if (!made) return std::unexpected(error(ErrorCode::kCorrupt, made.error()));
      input_at = input_end - in.size();
      if (*made > 0 && !looked_inside) {
        looked_inside = true;
        if (std::string why = unreadable_kind({out, *made}, path); !why.empty()) {
          return std::unexpected(error(ErrorCode::kInvalid, std::move(why)));
        }
      }
      if (*made > 0) return *made;
      const auto got = read_raw(input.data(), input.size());
      if (!got) return got;
      if (*got == 0) {
        if (decompressor->may_end()) return 0;
        return std::unexpected(error(ErrorCode::kCorrupt, "the compressed stream is cut short"));
      }
      input_at = 0;
      input_end = *got;
    }
  }
};

std::string unreadable_kind(std::string_view bytes, std::string_view path) {
  for (const Kind& kind : kKinds) {
    if (!bytes.substr(std::min(kind.at, bytes.size())).starts_with(kind.magic)) continue;
    const std::string file = path == kStandardInput ? "-" : printable(path, kPathChars);
    return fmt::format("is {}, which is not read: {} | rateguard simulate ... {}-", kind.name,
                       fmt::format(fmt::runtime(kind.command), file),
                       kind.command == kPackets
                           ? "--columns time=frame.time_epoch,ip=ip.src,method=http.request.method,"
                             "path=http.request.uri "
                           : "");
  }
  return {};
}

ByteSource::ByteSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? std::string(kStandardInput) : path;
  state->fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->fd < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return std::unexpected(state->error(code, fmt::format("cannot open: {}", strerror(errno))));
  }
  struct stat info = {};
  if (fstat(state->fd, &info) == 0) {
    if (S_ISDIR(info.st_mode)) return std::unexpected(state->error(ErrorCode::kIo, "is a directory, not a log"));
    state->is_regular = S_ISREG(info.st_mode);
    if (state->is_regular) state->total = static_cast<uint64_t>(info.st_size);
  }
  return ByteSource(std::move(state));
}

Result<ByteSource> ByteSource::open_part(const std::string& path, Part part) {
  auto source = open(path);
  if (!source) return source;
  State& state = *source->state_;
  if (lseek(state.fd, static_cast<off_t>(part.begin), SEEK_SET) < 0) {
    return std::unexpected(state.error(ErrorCode::kIo, fmt::format("cannot read: {}", strerror(errno))));
  }
  state.left = part.end - part.begin;
  state.started = true;  // whatever it begins with
  return source;
}

Result<size_t> ByteSource::read(char* out, size_t size) {
  if (size == 0) return 0;
  if (!state_->started) {
    if (auto started = state_->start(); !started) return std::unexpected(started.error());
  }
  return state_->decompressor ? state_->read_compressed(out, size) : state_->read_plain(out, size);
}

bool ByteSource::is_plain() const {
  return state_->is_regular && state_->decompressor == nullptr;
}
uint64_t ByteSource::bytes_taken() const {
  return state_->taken;
}
uint64_t ByteSource::bytes_total() const {
  return state_->total;
}

}  // namespace rateguard::simulate
