// The bodies of POST /check, /v1/check/batch, /v1/settle and /v1/release as JSON: which fields are there and what text
// they hold. What they mean together is check_form.h's.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/request_facts.h"
#include "server/check.h"
#include "server/http/problem.h"

namespace rateguard::http_api {

// Every field of a check; those of "facts" begin with kMethod.
enum class Field : uint8_t {
  kKey,
  kAlgorithm,
  kCapacity,
  kRefillRate,
  kLimit,
  kWindow,
  kRate,
  kBurst,
  kQueue,
  kHold,
  kAnchor,
  kTimeZone,
  kOverdraft,
  kCost,
  kRule,
  kPlan,
  kFacts,
  kExplain,
  kSettle,
  kCharge,
  kActual,
  kMethod,
  kPath,
  kHost,
  kIp,
  kUser,
  kApiKey,
  kWorkspace,
  kFactsPlan,
  kFactsCost,
  kHeaders,
};
inline constexpr size_t kFieldCount = static_cast<size_t>(Field::kHeaders) + 1;

// A set of fields.
class FieldSet {
 public:
  constexpr FieldSet() = default;
  constexpr FieldSet(std::initializer_list<Field> fields) {
    for (const Field field : fields) add(field);
  }
  constexpr void add(Field field) { bits_ |= bit(field); }
  constexpr bool has(Field field) const { return (bits_ & bit(field)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Field first() const { return static_cast<Field>(std::countr_zero(bits_)); }
  constexpr FieldSet operator|(FieldSet other) const { return FieldSet(bits_ | other.bits_); }
  constexpr FieldSet without(FieldSet other) const { return FieldSet(bits_ & ~other.bits_); }

 private:
  explicit constexpr FieldSet(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Field field) { return uint32_t{1} << static_cast<uint8_t>(field); }
  uint32_t bits_ = 0;
};
static_assert(kFieldCount <= 32);

// "capacity", "facts.ip"
std::string_view field_name(Field field);

enum class JsonKind : uint8_t { kString, kInteger, kDecimal, kBool, kNull, kArray, kObject };

// A field's value: a string's characters, a number as it was written, "true" or "false".
struct FieldValue {
  JsonKind kind = JsonKind::kNull;
  std::string_view text = {};
};

// The most of a value that is repeated in a message.
inline constexpr size_t kShownBytesMax = 64;

// The value in words for a message, cut short: "\"ten\"", "5.5", "true", "an object".
std::string describe(FieldValue value);

using server::kKeyPartsMax;
// The most headers among the facts; servers and proxies have about the same bound.
inline constexpr size_t kFactHeadersMax = 100;
// Checks in one batch.
inline constexpr size_t kBatchMax = 1000;

// One check. The views point into the text that was parsed or into the parser, and live until it parses again.
struct CheckBody {
  FieldSet present = {};
  std::array<FieldValue, kFieldCount> values = {};  // valid for the fields that are present
  std::array<std::string_view, kKeyPartsMax> key_parts = {};
  size_t key_parts_count = 0;
  JsonKind key_kind = JsonKind::kString;  // a string or an array of strings
  bool explain = false;
  bool settle = false;  // what is charged is an estimate, to be settled
  std::vector<Header> headers = {};
  std::vector<FieldError> errors = {};  // unknown or doubled fields, wrong types

  const FieldValue& value(Field field) const { return values[static_cast<size_t>(field)]; }
  std::span<const std::string_view> key() const { return {key_parts.data(), key_parts_count}; }
  void fail(std::string_view field, std::string detail);
  void clear();
};

// Reused from request to request, so that nothing is allocated once its buffers have grown. Not thread-safe.
//
// Strict: RFC 8259 text in valid UTF-8 (comments, trailing commas, and text after the value are errors), nesting
// bounded, every field known, none doubled.
class CheckBodyParser {
 public:
  CheckBodyParser();
  ~CheckBodyParser();

  template <typename T>
  using Parsed = std::expected<T, FieldError>;

  // One check. The error says why the text is not a JSON object; errors in fields are in the body's own `errors`.
  Parsed<CheckBody*> parse_check(std::string_view text);
  // {"checks":[...]}: 1 to kBatchMax checks. An entry with wrong fields has its own errors.
  Parsed<std::span<CheckBody>> parse_batch(std::string_view text);
  // {"hold":"..."}: the hold, as it was sent.
  Parsed<std::string_view> parse_release(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rateguard::http_api
