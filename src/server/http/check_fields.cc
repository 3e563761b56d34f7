#include "server/http/check_fields.h"

#include <cstring>

namespace rateguard::http_api {
namespace {

constexpr uint8_t kind_bit(JsonKind kind) {
  return static_cast<uint8_t>(1U << static_cast<uint8_t>(kind));
}
constexpr uint8_t kText = kind_bit(JsonKind::kString);
constexpr uint8_t kNumber = kind_bit(JsonKind::kInteger) | kind_bit(JsonKind::kDecimal);
constexpr uint8_t kBoolean = kind_bit(JsonKind::kBool);
constexpr uint8_t kNothing = 0;

constexpr std::string_view kUnits = "a whole number from 1 to 9007199254740991";
constexpr std::string_view kCostUnits = "a whole number from -9007199254740991, which gives back, to 9007199254740991";
constexpr std::string_view kUsedUnits = "a whole number from 0 to 9007199254740991";
constexpr std::string_view kRateText = R"(units per second as a number, or text such as "100/10s")";
constexpr std::string_view kDurationText = R"(a duration such as "250ms", "10s" or "1h", or seconds as a number)";
constexpr std::string_view kString = "a string";

struct Description {
  std::string_view name;
  uint8_t kinds;
  std::string_view expected;
};

// By Field.
constexpr Description kFields[] = {
    {"key", kText, "a string, or an array of strings for a rule by several things"},
    {"algorithm", kText, "the name of an algorithm"},
    {"capacity", kNumber, kUnits},
    {"refill_rate", kNumber | kText, kRateText},
    {"limit", kNumber, kUnits},
    {"window", kNumber | kText, kDurationText},
    {"rate", kNumber | kText, kRateText},
    {"burst", kNumber, kUnits},
    {"queue", kNumber, kUnits},
    {"hold", kNumber | kText, kDurationText},
    {"anchor", kText, R"("epoch", "first_request", "day", "week", "month" or "year")"},
    {"time_zone", kText, "the name of a time zone"},
    {"overdraft", kBoolean, "true or false"},
    {"cost", kNumber, kCostUnits},
    {"rule", kText, "the name of a rule"},
    {"plan", kText, kString},
    {"facts", kNothing, "an object"},
    {"explain", kBoolean, "true or false"},
    {"settle", kBoolean, "true or false"},
    {"charge", kText, "the text of a charge"},
    {"actual", kNumber, kUsedUnits},
    {"facts.method", kText, kString},
    {"facts.path", kText, kString},
    {"facts.host", kText, kString},
    {"facts.ip", kText, "an IP address as a string"},
    {"facts.user", kText, kString},
    {"facts.api_key", kText, kString},
    {"facts.workspace", kText, kString},
    {"facts.plan", kText, kString},
    {"facts.cost", kNumber, kCostUnits},
    {"facts.headers", kNothing, "an object of strings"},
};
static_assert(std::size(kFields) == kFieldCount);

const Description& description(Field field) {
  return kFields[static_cast<size_t>(field)];
}

// Whether `name` is the literal. Since the compiler knows the length, a comparison takes a few instructions.
template <size_t N>
bool is(std::string_view name, const char (&literal)[N]) {
  return name.size() == N - 1 && std::memcmp(name.data(), literal, N - 1) == 0;
}

// `field` if `name` is its name.
template <size_t N>
std::optional<Field> when(std::string_view name, const char (&known)[N], Field field) {
  return is(name, known) ? std::optional(field) : std::nullopt;
}

std::optional<Field> check_field_of_four(std::string_view name) {
  if (is(name, "rule")) return Field::kRule;
  if (is(name, "cost")) return Field::kCost;
  if (is(name, "rate")) return Field::kRate;
  if (is(name, "plan")) return Field::kPlan;
  return when(name, "hold", Field::kHold);
}

std::optional<Field> check_field_of_five(std::string_view name) {
  if (is(name, "limit")) return Field::kLimit;
  if (is(name, "facts")) return Field::kFacts;
  if (is(name, "burst")) return Field::kBurst;
  return when(name, "queue", Field::kQueue);
}

std::optional<Field> check_field_of_six(std::string_view name) {
  if (is(name, "window")) return Field::kWindow;
  if (is(name, "anchor")) return Field::kAnchor;
  if (is(name, "settle")) return Field::kSettle;
  if (is(name, "charge")) return Field::kCharge;
  return when(name, "actual", Field::kActual);
}

}  // namespace

std::string_view field_name(Field field) {
  return description(field).name;
}
bool accepts(Field field, JsonKind kind) {
  return (description(field).kinds & kind_bit(kind)) != 0;
}
std::string_view expectation(Field field) {
  return description(field).expected;
}

std::optional<Field> check_field(std::string_view name) {
  switch (name.size()) {
    case 3:
      return when(name, "key", Field::kKey);
    case 4:
      return check_field_of_four(name);
    case 5:
      return check_field_of_five(name);
    case 6:
      return check_field_of_six(name);
    case 7:
      return when(name, "explain", Field::kExplain);
    case 8:
      return when(name, "capacity", Field::kCapacity);
    case 9:
      if (is(name, "overdraft")) return Field::kOverdraft;
      return is(name, "algorithm") ? std::optional(Field::kAlgorithm) : when(name, "time_zone", Field::kTimeZone);
    case 11:
      return when(name, "refill_rate", Field::kRefillRate);
    default:
      return std::nullopt;
  }
}

std::optional<Field> facts_field(std::string_view name) {
  switch (name.size()) {
    case 2:
      return when(name, "ip", Field::kIp);
    case 4:
      if (is(name, "path")) return Field::kPath;
      if (is(name, "host")) return Field::kHost;
      if (is(name, "user")) return Field::kUser;
      if (is(name, "plan")) return Field::kFactsPlan;
      return when(name, "cost", Field::kFactsCost);
    case 6:
      return when(name, "method", Field::kMethod);
    case 7:
      return is(name, "headers") ? std::optional(Field::kHeaders) : when(name, "api_key", Field::kApiKey);
    case 9:
      return when(name, "workspace", Field::kWorkspace);
    default:
      return std::nullopt;
  }
}

}  // namespace rateguard::http_api
