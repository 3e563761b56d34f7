#include "server/grpc/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace rateguard::grpc {
namespace {

constexpr int kGzipWindow = 16 + MAX_WBITS;  // zlib's way to ask for gzip's header and trailer
constexpr size_t kStepBytes = 4'096;         // larger than most messages
constexpr int kMemoryLevel = 8;              // zlib's default

Bytef* bytes_of(const char* text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text));
}

}  // namespace

// Each half is made when it is first needed: most callers do not compress.
struct Gzip::State {
  z_stream in{};
  z_stream out{};
  bool in_ready = false;
  bool out_ready = false;

  ~State() {
    if (in_ready) inflateEnd(&in);
    if (out_ready) deflateEnd(&out);
  }
};

Gzip::Gzip() : state_(std::make_unique<State>()) {}

Gzip::~Gzip() = default;

Gzip::Outcome Gzip::expand(std::string_view compressed, size_t bytes_max, std::string& into) {
  z_stream& stream = state_->in;
  into.clear();
  const int begun = state_->in_ready ? inflateReset(&stream) : inflateInit2(&stream, kGzipWindow);
  if (begun != Z_OK) return Outcome::kDamaged;
  state_->in_ready = true;
  stream.next_in = bytes_of(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  for (;;) {
    const size_t before = into.size();
    // One byte above the bound shows that the message is too large.
    into.resize(std::min(std::max(before * 2, kStepBytes), bytes_max + 1));
    stream.next_out = reinterpret_cast<Bytef*>(into.data() + before);
    stream.avail_out = static_cast<uInt>(into.size() - before);
    const int code = inflate(&stream, Z_NO_FLUSH);
    into.resize(into.size() - stream.avail_out);
    if (into.size() > bytes_max) return Outcome::kTooLarge;
    if (code == Z_STREAM_END) return stream.avail_in == 0 ? Outcome::kDone : Outcome::kDamaged;
    if (code != Z_OK || into.size() == before) return Outcome::kDamaged;
  }
}

bool Gzip::compress(std::string_view plain, std::string& into) {
  z_stream& stream = state_->out;
  const int begun = state_->out_ready ? deflateReset(&stream)
                                      : deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                                                     Z_DEFAULT_STRATEGY);
  if (begun != Z_OK) return false;
  state_->out_ready = true;
  const size_t before = into.size();
  into.resize(before + deflateBound(&stream, static_cast<uLong>(plain.size())));
  stream.next_in = bytes_of(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(into.data() + before);
  stream.avail_out = static_cast<uInt>(into.size() - before);
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  into.resize(into.size() - stream.avail_out);
  return done;
}

}  // namespace rateguard::grpc
