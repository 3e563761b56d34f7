#include "config/file_text.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "base/named_file.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

Result<std::string> read_file(const std::string& path) {
  const auto failed = [&] {
    return std::unexpected(Error{.code = ErrorCode::kIo,
                                 .message = std::error_code(errno, std::generic_category()).message(),
                                 .position = {.file = path}});
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file) return failed();
  std::string text;
  char block[65'536];
  while (text.size() <= kYamlBytesMax) {
    const size_t got = std::fread(block, 1, sizeof block, file.get());
    text.append(block, got);
    if (got < sizeof block) break;
  }
  if (std::ferror(file.get())) return failed();
  return text;
}

Result<std::string> read_named_file(const std::string& path) {
  if (auto good = check_named_file(path); !good) {
    good.error().position.file = path;
    return std::unexpected(std::move(good.error()));
  }
  return read_file(path);
}

}  // namespace rateguard::config
