#include "simulate/logs/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rateguard::simulate {
namespace {

// One read of the kernel's: large enough that system calls do not show, small enough to stay in the second-level cache.
constexpr size_t kReadBytes = 256 * 1024;
constexpr int kAnyWindowGzipOnly = 15 + 16;  // inflateInit2: windows up to 32 KiB, gzip headers

}  // namespace

struct ByteSource::State {
  int fd = -1;
  std::string path;
  uint64_t taken = 0;
  uint64_t total = 0;
  bool started = false;
  bool compressed = false;
  bool member_ended = false;  // between two members of a gzip file
  z_stream zip = {};
  std::array<char, kReadBytes> input = {};
  size_t input_at = 0;
  size_t input_end = 0;

  ~State() {
    if (compressed) inflateEnd(&zip);
    if (fd > STDIN_FILENO) close(fd);
  }

  Error error(ErrorCode code, std::string message) const {
    return {.code = code, .message = std::move(message), .position = {.file = path}};
  }

  Result<size_t> read_raw(char* out, size_t size) {
    for (;;) {
      const ssize_t got = ::read(fd, out, size);
      if (got >= 0) {
        taken += static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      if (errno != EINTR)
        return std::unexpected(error(ErrorCode::kIo, fmt::format("cannot read: {}", strerror(errno))));
    }
  }

  // Reads until the two bytes that tell gzip are there, or the end is.
  Result<void> start() {
    started = true;
    while (input_end < 2) {
      const auto got = read_raw(input.data() + input_end, input.size() - input_end);
      if (!got) return std::unexpected(got.error());
      if (*got == 0) return {};
      input_end += *got;
    }
    if (input[0] != '\x1f' || input[1] != '\x8b') return {};
    if (inflateInit2(&zip, kAnyWindowGzipOnly) != Z_OK) {
      return std::unexpected(error(ErrorCode::kExhausted, "no memory to decompress"));
    }
    compressed = true;
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
    zip.next_out = reinterpret_cast<Bytef*>(out);
    zip.avail_out = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    const uInt room = zip.avail_out;
    while (zip.avail_out == room) {
      if (input_at == input_end) {
        const auto got = read_raw(input.data(), input.size());
        if (!got) return got;
        if (*got == 0) {
          if (member_ended) return 0;
          return std::unexpected(error(ErrorCode::kCorrupt, "the gzip stream is cut short"));
        }
        input_at = 0;
        input_end = *got;
      }
      if (member_ended) {  // RFC 1952 section 2.2: members follow one another
        inflateReset(&zip);
        member_ended = false;
      }
      zip.next_in = reinterpret_cast<Bytef*>(input.data() + input_at);
      zip.avail_in = static_cast<uInt>(input_end - input_at);
      const int status = inflate(&zip, Z_NO_FLUSH);
      input_at = input_end - zip.avail_in;
      if (status == Z_STREAM_END) {
        member_ended = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return std::unexpected(error(
            ErrorCode::kCorrupt, fmt::format("damaged gzip stream: {}", zip.msg != nullptr ? zip.msg : "bad data")));
      }
    }
    return room - zip.avail_out;
  }
};

ByteSource::ByteSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

Result<ByteSource> ByteSource::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? "standard input" : path;
  state->fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->fd < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return std::unexpected(state->error(code, fmt::format("cannot open: {}", strerror(errno))));
  }
  struct stat info = {};
  if (fstat(state->fd, &info) == 0) {
    if (S_ISDIR(info.st_mode)) return std::unexpected(state->error(ErrorCode::kIo, "is a directory, not a log"));
    if (S_ISREG(info.st_mode)) state->total = static_cast<uint64_t>(info.st_size);
  }
  return ByteSource(std::move(state));
}

Result<size_t> ByteSource::read(char* out, size_t size) {
  if (size == 0) return 0;
  if (!state_->started) {
    if (auto started = state_->start(); !started) return std::unexpected(started.error());
  }
  return state_->compressed ? state_->read_compressed(out, size) : state_->read_plain(out, size);
}

uint64_t ByteSource::bytes_taken() const {
  return state_->taken;
}
uint64_t ByteSource::bytes_total() const {
  return state_->total;
}

}  // namespace rateguard::simulate
