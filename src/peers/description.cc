#include "peers/description.h"

#include <boost/json.hpp>
#include <cstddef>

namespace rateguard::peers {
namespace {

namespace json = boost::json;

// About 300 bytes are usual; host names have at most 255.
constexpr size_t kBytesMax = 4'096;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

std::string encode(const InstanceDescription& description) {
  json::object addresses;
  for (const auto& [protocol, address] : description.addresses) addresses[protocol] = address;
  const json::object object = {{"host", description.host},
                               {"pid", description.pid},
                               {"version", description.version},
                               {"addresses", addresses},
                               {"started_us", description.started.us},
                               {"rules_revision", description.rules_revision}};
  return json::serialize(object);
}

std::optional<InstanceDescription> decode_description(std::string_view text) {
  if (text.size() > kBytesMax) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  InstanceDescription description{.host = text_of(object, "host"),
                                  .pid = number_of(object, "pid"),
                                  .version = text_of(object, "version"),
                                  .started = {number_of(object, "started_us")},
                                  .rules_revision = text_of(object, "rules_revision")};
  const json::value* const addresses = object.if_contains("addresses");
  if (addresses != nullptr && addresses->is_object()) {
    for (const auto& [protocol, address] : addresses->get_object()) {
      if (address.is_string()) description.addresses[std::string(protocol)] = std::string(address.get_string());
    }
  }
  return description;
}

}  // namespace rateguard::peers
