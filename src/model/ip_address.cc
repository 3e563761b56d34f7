#include "model/ip_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/check.h"
#include "model/ascii.h"

namespace rateguard {
namespace {

// RFC 4291, section 2.5.5.2: eighty zero bits and sixteen ones, then the IPv4 address.
constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<uint8_t, 12> kNat64Prefix = {0x00, 0x64, 0xff, 0x9b};  // RFC 6052, section 2.1; the rest is zero
constexpr int kMappedBits = 96;
constexpr int kGroups = 8;

// Exactly four decimal parts of 0 to 255 without leading zeros, which some readers take for octal (RFC 6943, 3.1.1).
bool parse_v4(std::string_view text, uint8_t* out) {
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at == text.size() || text[at] != '.') return false;
      ++at;
    }
    const size_t start = at;
    unsigned value = 0;
    while (at < text.size() && at - start < 3 && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    const size_t digits = at - start;
    if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0')) return false;
    out[part] = static_cast<uint8_t>(value);
  }
  return at == text.size();
}

// RFC 4291, section 2.2: eight groups of one to four hex digits; "::" once, for one or more zero groups; the last two
// groups may be an IPv4 address.
bool parse_v6(std::string_view text, uint8_t* out) {
  size_t at = 0;
  size_t written = 0;
  size_t gap = std::string_view::npos;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    if (written == 16) return false;
    const size_t start = at;
    unsigned value = 0;
    for (int digit; at < text.size() && at - start < 4 && (digit = hex_value(text[at])) >= 0; ++at) {
      value = value * 16 + static_cast<unsigned>(digit);
    }
    if (at < text.size() && text[at] == '.') {
      if (written > 12 || !parse_v4(text.substr(start), out + written)) return false;
      written += 4;
      break;
    }
    if (at == start) return false;
    out[written++] = static_cast<uint8_t>(value >> 8);
    out[written++] = static_cast<uint8_t>(value & 0xff);
    if (at == text.size()) break;
    if (text[at++] != ':' || at == text.size()) return false;
    if (text[at] == ':') {
      if (gap != std::string_view::npos) return false;
      gap = written;
      ++at;
    }
  }
  if (gap == std::string_view::npos) return written == 16;
  if (written == 16) return false;  // "::" would stand for nothing
  const size_t tail = written - gap;
  std::memmove(out + 16 - tail, out + gap, tail);
  std::memset(out + gap, 0, 16 - written);
  return true;
}

char* write_decimal(unsigned value, char* out) {
  if (value >= 100) *out++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* write_hex(unsigned value, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (value >= 0x1000) *out++ = kDigits[value >> 12];
  if (value >= 0x100) *out++ = kDigits[value >> 8 & 15];
  if (value >= 0x10) *out++ = kDigits[value >> 4 & 15];
  *out++ = kDigits[value & 15];
  return out;
}

char* write_v4(const uint8_t* bytes, char* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = write_decimal(bytes[i], out);
  }
  return out;
}

// RFC 5952, section 4: lower case, no leading zeros, "::" for the longest run of two or more zero groups, the first on
// a tie.
char* write_v6(const uint8_t* bytes, char* out) {
  std::array<unsigned, kGroups> groups;
  for (size_t i = 0; i < kGroups; ++i) groups[i] = static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  size_t gap = kGroups;
  size_t gap_length = 1;  // a single zero group is not shortened
  for (size_t i = 0, run = 0; i < kGroups; ++i) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run > gap_length) {
      gap_length = run;
      gap = i + 1 - run;
    }
  }
  for (size_t i = 0; i < kGroups;) {
    if (i == gap) {
      *out++ = ':';
      *out++ = ':';
      i += gap_length;
      continue;
    }
    if (i > 0 && i != gap + gap_length) *out++ = ':';
    out = write_hex(groups[i++], out);
  }
  return out;
}

// The first `bits` bits of `bytes`, the rest zero.
void keep_bits(std::array<uint8_t, 16>& bytes, int bits) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int kept = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    bytes[i] = static_cast<uint8_t>(bytes[i] & (0xff00 >> kept));
  }
}

// 0 to 128 without a sign or leading zeros; -1 otherwise.
int parse_prefix_length(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return -1;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value <= 128 ? value : -1;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > static_cast<size_t>(kTextMax)) return std::nullopt;
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    if (!parse_v6(text, address.bytes.data())) return std::nullopt;
    return address;
  }
  std::ranges::copy(kMappedPrefix, address.bytes.begin());
  if (!parse_v4(text, address.bytes.data() + kMappedPrefix.size())) return std::nullopt;
  return address;
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;
}

IpAddress IpAddress::masked_v6(int prefix_v6) const {
  RG_DCHECK(prefix_v6 >= 0 && prefix_v6 <= 128);
  IpAddress masked = *this;
  if (std::ranges::equal(kNat64Prefix, std::span(bytes).first<kNat64Prefix.size()>())) {
    std::ranges::copy(kMappedPrefix, masked.bytes.begin());
    return masked;
  }
  if (!is_v4()) keep_bits(masked.bytes, prefix_v6);
  return masked;
}

int IpAddress::to_chars(char* out) const {
  char* const end = is_v4() ? write_v4(bytes.data() + kMappedPrefix.size(), out) : write_v6(bytes.data(), out);
  return static_cast<int>(end - out);
}

std::string IpAddress::to_string() const {
  std::array<char, kTextMax> text;
  return std::string(text.data(), static_cast<size_t>(to_chars(text.data())));
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return invalid(fmt::format(
        "\"{}\" is not an IP address or prefix; expected one like \"10.0.0.0/8\", \"2001:db8::/32\" or \"192.0.2.1\"",
        text));
  }
  if (slash == std::string_view::npos) return IpPrefix{.address = *address, .bits = 128};

  // The length counts the bits of the notation: "10.0.0.0/8" of 32 bits, "::ffff:10.0.0.0/104" of 128.
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const int length = parse_prefix_length(text.substr(slash + 1));
  const int length_max = dotted ? 32 : 128;
  if (length < 0 || length > length_max) {
    return invalid(fmt::format("\"{}\": the prefix length must be a number from 0 to {}", text, length_max));
  }
  IpPrefix prefix = {.address = *address, .bits = dotted ? kMappedBits + length : length};
  keep_bits(prefix.address.bytes, prefix.bits);
  return prefix;
}

bool IpPrefix::contains(const IpAddress& candidate) const {
  const auto whole = static_cast<size_t>(bits / 8);
  if (std::memcmp(address.bytes.data(), candidate.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  return ((address.bytes[whole] ^ candidate.bytes[whole]) & (0xff00 >> bits % 8) & 0xff) == 0;
}

}  // namespace rateguard
