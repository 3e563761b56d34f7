// Bodies of the admin API, as every kind of record: reading and checking them neither crashes nor takes what it could
// not show again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "catalog/records.h"
#include "server/admin/creation.h"
#include "server/admin/field_check.h"
#include "server/admin/json_node.h"
#include "server/admin/record_json.h"
#include "server/admin/timestamp.h"

namespace {

using namespace rateguard;
using namespace rateguard::admin;

void read_as(catalog::RecordKind kind, const JsonNode& body) {
  catalog::AnyRecord record = catalog::empty_record(kind);
  const BodyReading reading = read_record(body, BodyFor::kCreation, other_members(kind, BodyFor::kCreation), record);
  if (!reading.errors.empty() || !check_record(record, reading.fields).empty()) return;
  RG_CHECK(parse_json_object(record_json(record)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto at = parse_timestamp(text)) RG_CHECK(parse_timestamp(format_timestamp(*at)) == at);
  const auto body = parse_json_object(text);
  if (!body) return 0;
  const auto again = parse_json_object(body->to_json());
  RG_CHECK(again.has_value() && again->to_json() == body->to_json());
  for (int kind = 0; kind < catalog::kRecordKinds; ++kind) read_as(static_cast<catalog::RecordKind>(kind), *body);
  return 0;
}
