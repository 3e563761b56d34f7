#include "simulate/logs/decompressor.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace rateguard::simulate {
namespace {

constexpr int kAnyWindowGzipOnly = 15 + 16;  // inflateInit2: windows up to 32 KiB, gzip headers

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() : ready_(inflateInit2(&zip_, kAnyWindowGzipOnly) == Z_OK) {}
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;
  ~GzipDecompressor() override {
    if (ready_) inflateEnd(&zip_);
  }

  bool ready() const { return ready_; }
  bool may_end() const override { return member_ended_; }

  std::expected<size_t, std::string> decompress(std::string_view& in, char* out, size_t size) override {
    if (!damage_.empty()) return std::unexpected(damage_);
    zip_.next_out = reinterpret_cast<Bytef*>(out);
    zip_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    const uInt room = zip_.avail_out;
    while (damage_.empty() && zip_.avail_out == room && !in.empty()) {
      if (member_ended_) {  // RFC 1952 section 2.2: members follow one another
        inflateReset(&zip_);
        member_ended_ = false;
      }
      zip_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      zip_.avail_in = static_cast<uInt>(in.size());
      const int status = inflate(&zip_, Z_NO_FLUSH);
      in.remove_prefix(in.size() - zip_.avail_in);
      if (status == Z_STREAM_END) {
        member_ended_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        damage_ = fmt::format("damaged gzip stream: {}", zip_.msg != nullptr ? zip_.msg : "the data make no sense");
      }
    }
    // Output from before the damage is returned first.
    if (!damage_.empty() && zip_.avail_out == room) return std::unexpected(damage_);
    return room - zip_.avail_out;
  }

 private:
  z_stream zip_ = {};
  bool ready_;
  bool member_ended_ = false;
  std::string damage_;
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : stream_(ZSTD_createDStream()) {}

  bool ready() const { return stream_ != nullptr; }
  bool may_end() const override { return frame_ended_; }

  std::expected<size_t, std::string> decompress(std::string_view& in, char* out, size_t size) override {
    ZSTD_outBuffer to = {.dst = out, .size = size, .pos = 0};
    // Also without input: output that did not fit in an earlier call is still inside.
    do {
      ZSTD_inBuffer from = {.src = in.data(), .size = in.size(), .pos = 0};
      const size_t status = ZSTD_decompressStream(stream_.get(), &to, &from);
      if (ZSTD_isError(status) != 0) {
        return std::unexpected(fmt::format("damaged zstd stream: {}", ZSTD_getErrorName(status)));
      }
      if (from.pos > 0 || to.pos > 0) frame_ended_ = status == 0;
      in.remove_prefix(from.pos);
    } while (to.pos == 0 && !in.empty());
    return to.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool frame_ended_ = false;
};

template <typename T>
std::unique_ptr<Decompressor> make() {
  auto made = std::make_unique<T>();
  if (!made->ready()) return nullptr;
  return made;
}

}  // namespace

std::unique_ptr<Decompressor> make_gzip_decompressor() {
  return make<GzipDecompressor>();
}
std::unique_ptr<Decompressor> make_zstd_decompressor() {
  return make<ZstdDecompressor>();
}

}  // namespace rateguard::simulate
