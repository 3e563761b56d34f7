#include "app/catalog/record_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "app/catalog/people_text.h"
#include "server/admin/timestamp.h"
#include "text/printable.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

std::optional<Instant> time_at(const json::object& record, std::string_view member) {
  return admin::parse_timestamp(member_text(record, member));
}

std::string state_of_key(const json::object& key, Instant now) {
  const auto revoked = time_at(key, "revoked_at");
  if (revoked && *revoked <= now) return "revoked";
  const auto expires = time_at(key, "expires_at");
  if (expires && *expires <= now) return "expired";
  if (revoked) return "revoked " + time_for_people(*revoked, now);
  return "active";
}

// "unlimited" for none; whole numbers as they are, texts without quotes, lists and maps in a line.
std::string plain(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  std::string out;
  const auto add = [&out](const std::string& item) { out += (out.empty() ? "" : ", ") + item; };
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) add(plain(item));
    return out;
  }
  if (!value.is_object()) return json::serialize(value);
  for (const auto& [name, item] : value.as_object()) add(fmt::format("{}={}", std::string_view(name), plain(item)));
  return out;
}

std::string size_text(const json::value& value) {
  const size_t size = value.is_object() ? value.as_object().size() : value.is_array() ? value.as_array().size() : 0;
  return size == 0 ? "-" : std::to_string(size);
}

std::string amount_text(const json::object& budget, const json::value& value) {
  if (!value.is_int64()) return plain(value);
  if (member_text(budget, "unit") == "tokens") return fmt::format("{} tokens", value.as_int64());
  return "$" + dollars_for_people(value.as_int64(), kNanosPerDollar);
}

std::string cell(const TableColumn& column, const json::object& record, RecordDirectory& directory, Instant now) {
  if (column.form == ColumnForm::kKeyHint) {
    return member_text(record, "prefix") + "..." + member_text(record, "last4");
  }
  if (column.form == ColumnForm::kKeyState) return state_of_key(record, now);
  const json::value* const value = record.if_contains(column.member);
  if (value == nullptr || value->is_null()) return "-";
  switch (column.form) {
    case ColumnForm::kTime: {
      const auto at = time_at(record, column.member);
      return at ? time_for_people(*at, now) : plain(*value);
    }
    case ColumnForm::kName:
      return directory.name_of(column.refers_to, plain(*value));
    case ColumnForm::kSize:
      return size_text(*value);
    case ColumnForm::kPerMillion:
      return value->is_int64() ? dollars_for_people(value->as_int64(), kPricesPerDollar) : plain(*value);
    case ColumnForm::kAmount:
      return amount_text(record, *value);
    default:
      break;
  }
  const std::string text = plain(*value);
  return text.empty() ? "-" : text;
}

// How the table shows the member, for those that it does not show plainly.
const TableColumn* column_for(const ResourceNoun& noun, std::string_view member) {
  const auto found = std::ranges::find(noun.columns, member, &TableColumn::member);
  const bool is_special = found != noun.columns.end() && found->form != ColumnForm::kPlain &&
                          found->form != ColumnForm::kSize && found->form != ColumnForm::kKeyHint &&
                          found->form != ColumnForm::kKeyState;
  return is_special ? &*found : nullptr;
}

std::string line_value(const ResourceNoun& noun, const json::object& record, std::string_view member,
                       const json::value& value, RecordDirectory& directory, Instant now) {
  if (const auto at = member.ends_with("_at") ? time_at(record, member) : std::nullopt) {
    return full_time_for_people(*at, now);
  }
  if (member.ends_with("_pico_dollars") && value.is_int64()) {
    return fmt::format("${} for a million tokens", dollars_for_people(value.as_int64(), kPricesPerDollar));
  }
  if (const TableColumn* const column = column_for(noun, member)) return cell(*column, record, directory, now);
  return plain(value);
}

}  // namespace

std::string note_of_cut_list(const CatalogReply& list, int list_max) {
  if (!list.json.at("pagination").at("has_more").as_bool()) return {};
  return fmt::format("these are the first {}; --max N shows more, and --json has the cursor for the next", list_max);
}

std::string aligned_rows(std::vector<std::vector<std::string>> rows) {
  std::vector<size_t> widths;
  for (auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = line_for_people(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string records_table(const ResourceNoun& noun, const json::array& records, RecordDirectory& directory,
                          Instant now) {
  std::vector<std::vector<std::string>> rows(1);
  for (const TableColumn& column : noun.columns) rows.front().emplace_back(column.title);
  for (const json::value& record : records) {
    auto& row = rows.emplace_back();
    for (const TableColumn& column : noun.columns) {
      row.push_back(cell(column, record.as_object(), directory, now));
    }
  }
  return aligned_rows(rows);
}

std::string record_lines(const ResourceNoun& noun, const json::object& record, RecordDirectory& directory,
                         Instant now) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : record) {
    const std::string text = line_value(noun, record, name, value, directory, now);
    if (!text.empty()) rows.push_back({std::string(name), text});
  }
  return aligned_rows(rows);
}

}  // namespace rateguard::app
