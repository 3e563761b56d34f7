// Fields of a record, by kind, put into an entry: what JSON lines and CSV have in common.
#pragma once

#include "simulate/logs/column_map.h"
#include "simulate/logs/log_entry.h"

namespace rateguard::simulate {

// Stores the text of one field other than the cost. Errors say what was expected.
Parsed set_field(FieldKind kind, std::string_view text, LogEntry& entry);

}  // namespace rateguard::simulate
