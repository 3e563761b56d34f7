// How records appear: what is shown of each field, and what may be given.
#include "server/admin/resource.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <type_traits>

#include "catalog/sample_records_testing.h"
#include "server/admin/json_node.h"
#include "server/admin/record_json.h"

namespace rateguard::admin {
namespace {

using catalog::RecordKind;

template <typename Check>
void for_each_kind(Check&& check) {
  for (int i = 0; i < catalog::kRecordKinds; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    SCOPED_TRACE(to_string(kind));
    check(kind, catalog::empty_record(kind));
  }
}

TEST(ResourceTest, EveryRowNamesAFieldOfItsRecord) {
  for_each_kind([](RecordKind kind, const catalog::AnyRecord& record) {
    for (const ResourceField& row : resource_of(kind).fields) {
      int times = 0;
      catalog::visit_fields(record,
                            [&](const catalog::RecordField& field, const auto&) { times += field.name == row.field; });
      EXPECT_EQ(times, 1) << row.field;
    }
  });
}

TEST(ResourceTest, AHashIsNeverShownAndNoSecretIsWithoutARow) {
  for_each_kind([](RecordKind kind, const catalog::AnyRecord& record) {
    if (resource_of(kind).collection.empty()) return;  // no part of the API
    catalog::visit_fields(record, [&]<typename T>(const catalog::RecordField& field, const T&) {
      const ResourceField row = resource_field(kind, field);
      if constexpr (std::is_same_v<T, catalog::Sha256>) {
        EXPECT_EQ(row.use, FieldAccess::kHidden) << field.name;
        EXPECT_TRUE(row.shown_as.empty()) << field.name;
      } else if (field.role == catalog::FieldRole::kSecret) {
        EXPECT_TRUE(row.shown_as.starts_with("has_")) << field.name;
      }
      const bool is_tracked = field.role == catalog::FieldRole::kTracked;
      EXPECT_TRUE(!is_tracked || row.use == FieldAccess::kReadOnly) << field.name;
    });
  });
}

TEST(ResourceTest, WhatARecordShowsIsJsonWithoutItsSecrets) {
  catalog::UpstreamRecord upstream = {.name = "u", .definition = "{name: u}", .credential_value = "very secret"};
  for (const catalog::AnyRecord& record :
       {catalog::AnyRecord(catalog::sample_workspace("w")), catalog::AnyRecord(catalog::sample_plan("p")),
        catalog::AnyRecord(catalog::sample_member("a@b")), catalog::AnyRecord(catalog::sample_key("ws_1", 7)),
        catalog::AnyRecord(catalog::sample_token("t", 3)), catalog::AnyRecord(catalog::sample_price("m", Instant{1})),
        catalog::AnyRecord(upstream)}) {
    const std::string json = record_json(record);
    EXPECT_NO_THROW(boost::json::parse(json)) << json;
    EXPECT_FALSE(json.contains("argon2")) << json;
    EXPECT_FALSE(json.contains("sha256")) << json;
    EXPECT_FALSE(json.contains("very secret")) << json;
  }
}

TEST(ResourceTest, WhatWasShownCanBeGivenBackAsAChange) {
  const catalog::AnyRecord before = catalog::sample_workspace("w");
  auto shown = parse_json_object(record_json(before)).value();
  std::erase_if(shown.members, [](const auto& member) {
    return member.first == "id" || member.first == "version" || member.first.ends_with("ed_at");
  });
  catalog::AnyRecord after = catalog::empty_record(RecordKind::kWorkspace);
  const BodyReading reading = read_record(shown, BodyFor::kUpdate, {}, after);
  EXPECT_TRUE(reading.errors.empty());
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace rateguard::admin
