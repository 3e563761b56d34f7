// URLs of PostgreSQL databases, "postgres://user:password@host:5432/database?sslmode=require", as libpq takes them
// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rateguard::catalog {

// "postgres://" or "postgresql://".
bool is_postgres_url(std::string_view url);

// The URL without a user, a password and parameters: for messages.
std::string postgres_name(std::string_view url);

// The URL with what the catalog needs of a connection, unless it says so itself: an end to attempts that lead nowhere,
// text as UTF-8, and a name under which the server lists it.
std::string postgres_url_with_defaults(std::string_view url);

// `message` without the URL's password, as it is and decoded: libpq quotes URLs that it cannot read.
std::string without_password(std::string message, std::string_view url);

}  // namespace rateguard::catalog
