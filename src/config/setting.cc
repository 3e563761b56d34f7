// Sets the value of one row of the settings table.
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "config/choice.h"
#include "text/number.h"
#include "config/settings_table.h"
#include "model/quantity.h"
#include "text/quote.h"

namespace rateguard::config {
namespace {

// Assigns one kind of field from text.
struct Setter {
  const Setting& setting;
  std::string_view text;

  Result<void> operator()(std::string* field) const {
    if (setting.check != nullptr) {
      if (auto good = setting.check(text); !good) return good;
    }
    *field = text;
    return {};
  }

  Result<void> operator()(bool* field) const {
    if (text != "true" && text != "false") return unexpected_value("true or false");
    *field = text == "true";
    return {};
  }

  template <typename T>
    requires(std::is_same_v<T, int> || std::is_same_v<T, uint64_t>)
  Result<void> operator()(T* field) const {
    const auto value =
        parse_whole(text, {.min = static_cast<uint64_t>(setting.min), .max = static_cast<uint64_t>(setting.max)});
    if (!value) return unexpected_value(fmt::format("a whole number from {} to {}", setting.min, setting.max));
    *field = static_cast<T>(*value);
    return {};
  }

  Result<void> operator()(Duration* field) const {
    const auto value = parse_duration(text);
    if (!value) return std::unexpected(value.error());
    if (value->us < setting.min || value->us > setting.max) {
      return unexpected_value(fmt::format("a duration, {}", setting.bounds));
    }
    *field = *value;
    return {};
  }

  Result<void> operator()(Endpoint* field) const { return assign(field, Endpoint::parse(text)); }

  Result<void> operator()(OptionalEndpoint* field) const {
    if (text == "off") {
      field->reset();
      return {};
    }
    auto endpoint = Endpoint::parse(text);
    if (!endpoint) return invalid(endpoint.error().message + "; or off");
    *field = *std::move(endpoint);
    return {};
  }

  Result<void> operator()(identify::Source* field) const {
    // An empty text, which the environment may give, removes the source.
    if (text.empty()) return assign(field, Result<identify::Source>(identify::Source{}));
    return assign(field, identify::Source::parse(text));
  }

  Result<void> operator()(HeaderStyle* field) const {
    constexpr Choice<HeaderStyle> kChoices[] = {{"ietf", HeaderStyle::kIetf},     {"draft7", HeaderStyle::kDraft7},
                                                {"draft6", HeaderStyle::kDraft6}, {"draft03", HeaderStyle::kDraft03},
                                                {"legacy", HeaderStyle::kLegacy}, {"off", HeaderStyle::kOff}};
    return assign(field, choose(kChoices, text));
  }
  Result<void> operator()(LogFormat* field) const {
    constexpr Choice<LogFormat> kChoices[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
    return assign(field, choose(kChoices, text));
  }
  Result<void> operator()(LogLevel* field) const {
    constexpr Choice<LogLevel> kChoices[] = {
        {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};
    return assign(field, choose(kChoices, text));
  }
  Result<void> operator()(WhenFull* field) const {
    constexpr Choice<WhenFull> kChoices[] = {{"evict", WhenFull::kEvict}, {"refuse", WhenFull::kRefuse}};
    return assign(field, choose(kChoices, text));
  }
  Result<void> operator()(EnvoyCompat* field) const {
    constexpr Choice<EnvoyCompat> kChoices[] = {{"off", EnvoyCompat::kOff}, {"envoyproxy", EnvoyCompat::kEnvoyproxy}};
    return assign(field, choose(kChoices, text));
  }

  Result<void> operator()(StoreType* field) const {
    constexpr Choice<StoreType> kChoices[] = {{"memory", StoreType::kMemory}, {"redis", StoreType::kRedis}};
    return assign(field, choose(kChoices, text));
  }
  Result<void> operator()(OnStoreFailure* field) const {
    constexpr Choice<OnStoreFailure> kChoices[] = {
        {"allow", OnStoreFailure::kAllow}, {"deny", OnStoreFailure::kDeny}, {"local", OnStoreFailure::kLocal}};
    return assign(field, choose(kChoices, text));
  }

  // Url's messages do not show the text, since it may contain a password.
  Result<void> operator()(std::optional<redis::Url>* field) const {
    if (text.empty()) return assign(field, Result<std::optional<redis::Url>>(std::nullopt));  // from the environment
    return assign(field, Result<std::optional<redis::Url>>(redis::Url::parse(text)));
  }
  Result<void> operator()(std::vector<redis::Url>* field) const {
    auto url = redis::Url::parse(text);
    if (!url) return std::unexpected(url.error());
    field->push_back(*std::move(url));
    return {};
  }

  // All lists of text are tokens, which messages never show.
  Result<void> operator()(std::vector<std::string>* field) const {
    const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
    if (text.empty() || !printable) return invalid(fmt::format("expected a token: {}", setting.bounds));
    field->emplace_back(text);
    return {};
  }
  Result<void> operator()(std::vector<IpPrefix>* field) const {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix) return std::unexpected(prefix.error());
    field->push_back(*prefix);
    return {};
  }

 private:
  template <typename T>
  static Result<void> assign(T* field, Result<T> value) {
    if (!value) return std::unexpected(value.error());
    *field = *std::move(value);
    return {};
  }
  std::unexpected<Error> unexpected_value(std::string_view expected) const {
    return invalid(fmt::format("expected {}, found {}", expected, quote(text)));
  }
};

template <typename T>
constexpr bool kIsVector = false;
template <typename T>
constexpr bool kIsVector<std::vector<T>> = true;

// Any store will do: the type of a row's field does not depend on it.
Field kind_of(const Setting& setting) {
  static Config config;
  static StoreSettings store;
  return setting.field({.config = config, .store = &store});
}

}  // namespace

const Setting* find_setting(std::string_view key) {
  const auto all = settings();
  const auto found = std::ranges::find(all, key, &Setting::key);
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string_view> keys_in(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings()) {
    std::string_view rest = setting.key;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() || rest[section.size()] != '.') continue;
      rest.remove_prefix(section.size() + 1);
    }
    const std::string_view key = rest.substr(0, rest.find('.'));
    if (keys.empty() || keys.back() != key) keys.push_back(key);
  }
  return keys;
}

bool is_list(const Setting& setting) {
  return std::visit([](auto* field) { return kIsVector<std::remove_reference_t<decltype(*field)>>; }, kind_of(setting));
}

bool wants_plain(const Setting& setting) {
  const Field field = kind_of(setting);
  return std::holds_alternative<bool*>(field) || std::holds_alternative<int*>(field) ||
         std::holds_alternative<uint64_t*>(field);
}

Result<void> set_from_text(const Setting& setting, const SettingTarget& target, std::string_view text) {
  return std::visit(Setter{setting, text}, setting.field(target));
}

void clear_list(const Setting& setting, const SettingTarget& target) {
  std::visit(
      [](auto* field) {
        if constexpr (kIsVector<std::remove_reference_t<decltype(*field)>>) field->clear();
      },
      setting.field(target));
}

std::string full_key(std::string_view key, std::string_view store_name) {
  constexpr std::string_view kAnyName = ".NAME.";
  std::string full(key);
  if (const size_t at = full.find(kAnyName); at != std::string::npos) {
    full.replace(at + 1, kAnyName.size() - 2, store_name);
  }
  return full;
}

std::string environment_variable(const Setting& setting, std::string_view store_name) {
  std::string name = "RATEGUARD_";
  for (const char c : full_key(setting.key, store_name)) {
    const bool letter_or_digit = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c >= 'a' && c <= 'z') {
      name.push_back(static_cast<char>(c - 'a' + 'A'));
    } else {
      name.push_back(letter_or_digit ? c : '_');
    }
  }
  return name;
}

}  // namespace rateguard::config
