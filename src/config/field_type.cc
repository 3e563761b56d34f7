#include "config/field_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "config/choice.h"
#include "config/config.h"
#include "model/quantity.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

std::unexpected<Error> unexpected_value(std::string_view expected, std::string_view text) {
  return invalid(fmt::format("expected {}, found {}", expected, quote(text)));
}

template <typename T>
Result<void> assign(T& field, Result<T> value) {
  if (!value) return std::unexpected(value.error());
  field = *std::move(value);
  return {};
}

// A type by what reads and what shows a value of it.
template <typename T, Result<void> (*Parse)(T&, std::string_view, const FieldBounds&), std::string (*Print)(const T&)>
inline constexpr FieldType kValueType = {
    .parse = [](void* place, std::string_view text,
                const FieldBounds& bounds) { return Parse(*static_cast<T*>(place), text, bounds); },
    .print = [](const void* place) { return Print(*static_cast<const T*>(place)); },
    .equal = [](const void* a, const void* b) { return *static_cast<const T*>(a) == *static_cast<const T*>(b); }};

template <typename T, Result<void> (*Parse)(T&, std::string_view, const FieldBounds&), std::string (*Print)(const T&)>
inline constexpr FieldType kPlainType = [] {
  FieldType type = kValueType<T, Parse, Print>;
  type.is_plain = true;
  return type;
}();

// A list of T, which takes item after item.
template <typename T, Result<T> (*Parse)(std::string_view, const FieldBounds&)>
inline constexpr FieldType kListType = {
    .parse = [](void* place, std::string_view text, const FieldBounds& bounds) -> Result<void> {
      auto item = Parse(text, bounds);
      if (!item) return std::unexpected(item.error());
      static_cast<std::vector<T>*>(place)->push_back(*std::move(item));
      return {};
    },
    .print =
        [](const void* place) { return fmt::format("{} items", static_cast<const std::vector<T>*>(place)->size()); },
    .equal =
        [](const void* a, const void* b) {
          return *static_cast<const std::vector<T>*>(a) == *static_cast<const std::vector<T>*>(b);
        },
    .clear = [](void* place) { static_cast<std::vector<T>*>(place)->clear(); }};

// One of a few words.
template <typename T, const auto& Choices>
Result<void> parse_choice(T& field, std::string_view text, const FieldBounds&) {
  return assign(field, choose(Choices, text));
}
template <typename T, const auto& Choices>
std::string print_choice(const T& field) {
  const auto found = std::ranges::find(Choices, field, &Choice<T>::value);
  return std::string(found == std::end(Choices) ? "unknown" : found->name);
}
template <typename T, const auto& Choices>
inline constexpr FieldType kChoiceType = kValueType<T, parse_choice<T, Choices>, print_choice<T, Choices>>;

constexpr Choice<HeaderStyle> kHeaderStyles[] = {{"ietf", HeaderStyle::kIetf},     {"draft7", HeaderStyle::kDraft7},
                                                 {"draft6", HeaderStyle::kDraft6}, {"draft03", HeaderStyle::kDraft03},
                                                 {"legacy", HeaderStyle::kLegacy}, {"off", HeaderStyle::kOff}};
constexpr Choice<LogFormat> kLogFormats[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
constexpr Choice<LogLevel> kLogLevels[] = {
    {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};
constexpr Choice<WhenFull> kWhenFull[] = {{"evict", WhenFull::kEvict}, {"refuse", WhenFull::kRefuse}};
constexpr Choice<EnvoyCompat> kEnvoyCompat[] = {{"off", EnvoyCompat::kOff}, {"envoyproxy", EnvoyCompat::kEnvoyproxy}};
constexpr Choice<StoreType> kStoreTypes[] = {{"memory", StoreType::kMemory}, {"redis", StoreType::kRedis}};
constexpr Choice<OnStoreFailure> kOnStoreFailure[] = {
    {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};
constexpr Choice<identify::ApiKeys> kApiKeys[] = {{"any", identify::ApiKeys::kAny},
                                                  {"catalog", identify::ApiKeys::kCatalog}};
constexpr Choice<OnCatalogFailure> kOnCatalogFailure[] = {{"deny", OnCatalogFailure::kDeny},
                                                          {"serve_stale", OnCatalogFailure::kServeStale}};

Result<void> parse_text(std::string& field, std::string_view text, const FieldBounds& bounds) {
  if (bounds.check != nullptr) {
    if (auto good = bounds.check(text); !good) return good;
  }
  field = text;
  return {};
}
std::string print_text(const std::string& field) {
  return field;
}

Result<void> parse_truth(bool& field, std::string_view text, const FieldBounds&) {
  if (text != "true" && text != "false") return unexpected_value("true or false", text);
  field = text == "true";
  return {};
}

template <typename T>
Result<void> parse_number(T& field, std::string_view text, const FieldBounds& bounds) {
  const auto value =
      parse_whole(text, {.min = static_cast<uint64_t>(bounds.min), .max = static_cast<uint64_t>(bounds.max)});
  if (!value) return unexpected_value(fmt::format("a whole number from {} to {}", bounds.min, bounds.max), text);
  field = static_cast<T>(*value);
  return {};
}
template <typename T>
std::string print_number(const T& field) {
  return fmt::format("{}", field);
}

Result<void> parse_bounded_duration(Duration& field, std::string_view text, const FieldBounds& bounds) {
  const auto value = parse_duration(text);
  if (!value) return std::unexpected(value.error());
  if (value->us < bounds.min || value->us > bounds.max) {
    return unexpected_value(fmt::format("a duration, {}", bounds.words), text);
  }
  field = *value;
  return {};
}
std::string print_duration(const Duration& field) {
  return fmt::format("{}us", field.us);
}

Result<void> parse_endpoint(Endpoint& field, std::string_view text, const FieldBounds&) {
  return assign(field, Endpoint::parse(text));
}
std::string print_endpoint(const Endpoint& field) {
  return field.to_string();
}

Result<void> parse_optional_endpoint(OptionalEndpoint& field, std::string_view text, const FieldBounds&) {
  if (text == "off") {
    field.reset();
    return {};
  }
  auto endpoint = Endpoint::parse(text);
  if (!endpoint) return invalid(endpoint.error().message + "; or off");
  field = *std::move(endpoint);
  return {};
}
std::string print_optional_endpoint(const OptionalEndpoint& field) {
  return field ? field->to_string() : "off";
}

// An empty text takes the source away, as the environment may.
Result<void> parse_source(identify::IdentitySource& field, std::string_view text, const FieldBounds&) {
  if (text.empty()) return assign(field, Result<identify::IdentitySource>(identify::IdentitySource{}));
  return assign(field, identify::IdentitySource::parse(text));
}
std::string print_source(const identify::IdentitySource& field) {
  return fmt::format("{}:{}", static_cast<int>(field.kind), field.name);
}

// Url's messages never show a password, and so show nothing of the text. Empty takes it away, as the environment may.
Result<void> parse_url(std::optional<redis::Url>& field, std::string_view text, const FieldBounds&) {
  if (text.empty()) return assign(field, Result<std::optional<redis::Url>>(std::nullopt));
  return assign(field, Result<std::optional<redis::Url>>(redis::Url::parse(text)));
}
std::string print_url(const std::optional<redis::Url>& field) {
  return field ? field->to_string() : "none";
}

Result<redis::Url> url_of(std::string_view text, const FieldBounds&) {
  return redis::Url::parse(text);
}

// Both lists of text are tokens. A message never shows one.
Result<std::string> token_of(std::string_view text, const FieldBounds& bounds) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || !printable) return invalid(fmt::format("expected a token: {}", bounds.words));
  return std::string(text);
}

Result<IpPrefix> prefix_of(std::string_view text, const FieldBounds&) {
  return IpPrefix::parse(text);
}

}  // namespace

template <>
const FieldType& field_type<std::string>() {
  return kValueType<std::string, parse_text, print_text>;
}
template <>
const FieldType& field_type<bool>() {
  return kPlainType<bool, parse_truth, print_number<bool>>;
}
template <>
const FieldType& field_type<int>() {
  return kPlainType<int, parse_number<int>, print_number<int>>;
}
template <>
const FieldType& field_type<uint64_t>() {
  return kPlainType<uint64_t, parse_number<uint64_t>, print_number<uint64_t>>;
}
template <>
const FieldType& field_type<Duration>() {
  return kValueType<Duration, parse_bounded_duration, print_duration>;
}
template <>
const FieldType& field_type<Endpoint>() {
  return kValueType<Endpoint, parse_endpoint, print_endpoint>;
}
template <>
const FieldType& field_type<OptionalEndpoint>() {
  return kValueType<OptionalEndpoint, parse_optional_endpoint, print_optional_endpoint>;
}
template <>
const FieldType& field_type<HeaderStyle>() {
  return kChoiceType<HeaderStyle, kHeaderStyles>;
}
template <>
const FieldType& field_type<LogFormat>() {
  return kChoiceType<LogFormat, kLogFormats>;
}
template <>
const FieldType& field_type<LogLevel>() {
  return kChoiceType<LogLevel, kLogLevels>;
}
template <>
const FieldType& field_type<WhenFull>() {
  return kChoiceType<WhenFull, kWhenFull>;
}
template <>
const FieldType& field_type<EnvoyCompat>() {
  return kChoiceType<EnvoyCompat, kEnvoyCompat>;
}
template <>
const FieldType& field_type<StoreType>() {
  return kChoiceType<StoreType, kStoreTypes>;
}
template <>
const FieldType& field_type<OnStoreFailure>() {
  return kChoiceType<OnStoreFailure, kOnStoreFailure>;
}
template <>
const FieldType& field_type<identify::ApiKeys>() {
  return kChoiceType<identify::ApiKeys, kApiKeys>;
}
template <>
const FieldType& field_type<OnCatalogFailure>() {
  return kChoiceType<OnCatalogFailure, kOnCatalogFailure>;
}
template <>
const FieldType& field_type<identify::IdentitySource>() {
  return kValueType<identify::IdentitySource, parse_source, print_source>;
}
template <>
const FieldType& field_type<std::optional<redis::Url>>() {
  return kValueType<std::optional<redis::Url>, parse_url, print_url>;
}
template <>
const FieldType& field_type<std::vector<redis::Url>>() {
  return kListType<redis::Url, url_of>;
}
template <>
const FieldType& field_type<std::vector<std::string>>() {
  return kListType<std::string, token_of>;
}
template <>
const FieldType& field_type<std::vector<IpPrefix>>() {
  return kListType<IpPrefix, prefix_of>;
}

}  // namespace rateguard::config
