#include "catalog/sql/field_codec.h"

#include <algorithm>
#include <boost/json.hpp>

#include "text/json_text.h"

namespace rateguard::catalog {

std::string encode_list(const TextList& list) {
  std::string json = "[";
  for (const std::string& entry : list) {
    if (json.size() > 1) json += ',';
    append_json_string(json, entry);
  }
  json += ']';
  return json;
}

std::string encode_map(const TextMap& map) {
  std::string json = "{";
  for (const auto& [name, value] : map) {
    if (json.size() > 1) json += ',';
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
  }
  json += '}';
  return json;
}

bool decode_list(const std::string& json, TextList& out) {
  out.clear();
  if (json == "[]") return true;
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(json, error);
  if (error || !parsed.is_array()) return false;
  for (const boost::json::value& entry : parsed.get_array()) {
    if (!entry.is_string()) return false;
    out.emplace_back(entry.get_string());
  }
  return true;
}

bool decode_map(const std::string& json, TextMap& out) {
  out.clear();
  if (json == "{}") return true;
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(json, error);
  if (error || !parsed.is_object()) return false;
  for (const auto& entry : parsed.get_object()) {
    if (!entry.value().is_string()) return false;
    out.emplace(entry.key(), entry.value().get_string());
  }
  return true;
}

bool decode_field(SqlValue& value, Sha256& out) {
  const SqlBytes* const bytes = std::get_if<SqlBytes>(&value);
  if (bytes == nullptr || bytes->bytes.size() != out.size()) return false;
  std::ranges::copy(bytes->bytes, out.begin());
  return true;
}

}  // namespace rateguard::catalog
