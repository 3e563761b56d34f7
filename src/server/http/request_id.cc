#include "server/http/request_id.h"

#include <random>

namespace rateguard::http_api {
namespace {

uint64_t random_word() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// splitmix64's finalizer (Steele, Lea, Flood 2014): a bijection, so that a counter never repeats an id.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

void write_hex(uint64_t value, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = kHex[value & 0xF];
}

}  // namespace

RequestIdGenerator::RequestIdGenerator() : prefix_(random_word()), counter_(random_word()) {}

std::string_view RequestIdGenerator::next() {
  write_hex(prefix_, text_.data());
  write_hex(mix(counter_++), text_.data() + 16);
  return {text_.data(), text_.size()};
}

}  // namespace rateguard::http_api
