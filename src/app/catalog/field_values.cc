#include "app/catalog/field_values.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/catalog/people_text.h"
#include "config/file_text.h"
#include "server/admin/timestamp.h"
#include "text/number.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// More than any field of a catalog takes.
constexpr size_t kFileBytesMax = 1 << 20;

std::unexpected<Error> about(std::string_view option, Error error) {
  error.message = fmt::format("{}: {}", option, error.message);
  return std::unexpected(std::move(error));
}

// Without the line's end that editors put behind a secret or a line of YAML.
Result<std::string> read_whole(const std::string& path) {
  auto text = config::read_named_file(path);
  if (!text) return invalid(fmt::format("{}: cannot read: {}", path, text.error().message));
  if (text->size() > kFileBytesMax) return invalid(fmt::format("{}: is larger than 1 MiB", path));
  if (text->ends_with('\n')) text->pop_back();
  return text;
}

Result<json::value> pairs_of(const std::vector<std::string>& given) {
  json::object pairs;
  for (const std::string& pair : given) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid(fmt::format("expected NAME=VALUE, found '{}'", pair));
    }
    const std::string name = pair.substr(0, equals);
    if (pairs.contains(name)) return invalid(fmt::format("'{}' is given twice", name));
    pairs[name] = pair.substr(equals + 1);
  }
  return pairs;
}

Result<json::value> whole_of(const std::string& text) {
  const auto number = parse_whole(text, {.max = uint64_t{1} << 53});
  if (!number) return invalid(fmt::format("expected a whole number up to 2^53, found '{}'", text));
  return json::value(static_cast<int64_t>(*number));
}

Result<json::value> dollars_of(const std::string& text, int64_t units_per_dollar) {
  const auto units = dollars_from_person(text, units_per_dollar);
  if (!units) return std::unexpected(units.error());
  return json::value(*units);
}

Result<json::value> value_of(const FieldOption& field, const std::vector<std::string>& given,
                             RecordDirectory& directory, Instant now) {
  const std::string& first = given.front();
  switch (field.form) {
    case ValueForm::kText:
      return json::value(first);
    case ValueForm::kFlag:
      return json::value(true);
    case ValueForm::kWords:
      return json::value(json::array(given.begin(), given.end()));
    case ValueForm::kPairs:
      return pairs_of(given);
    case ValueForm::kTokens:
      return whole_of(first);
    case ValueForm::kPerMillion:
      return dollars_of(first, kPricesPerDollar);
    case ValueForm::kDollars:
      return dollars_of(first, kNanosPerDollar);
    case ValueForm::kTime: {
      if (first == "none") return json::value(nullptr);
      const auto at = time_from_person(first, now);
      if (!at) return std::unexpected(at.error());
      return json::value(admin::format_timestamp(*at));
    }
    case ValueForm::kReference: {
      if (first == "none") return json::value(nullptr);
      const auto id = directory.id_of(field.refers_to, first);
      if (!id) return std::unexpected(id.error());
      return json::value(*id);
    }
    case ValueForm::kTextOrFile: {
      if (!first.starts_with('@')) return json::value(first);
      const auto text = read_whole(first.substr(1));
      if (!text) return std::unexpected(text.error());
      return json::value(*text);
    }
  }
  return json::value(nullptr);
}

}  // namespace

Result<json::object> body_of(const ResourceNoun& noun, const GivenOptions& given, RecordDirectory& directory,
                             Instant now) {
  json::object body;
  for (const FieldOption& field : noun.fields) {
    const auto found = given.find(field.option);
    if (found == given.end()) continue;
    auto value = value_of(field, found->second, directory, now);
    if (!value) return about(field.option, value.error());
    if (body.contains(field.member))
      return invalid(fmt::format("{} does not go with the others: name one", field.option));
    body[field.member] = std::move(*value);
    if (field.form == ValueForm::kDollars) body["unit"] = "nano_dollars";
    if (field.form == ValueForm::kTokens) body["unit"] = "tokens";
  }
  return body;
}

}  // namespace rateguard::app
