// The files of Envoy's rate limit configuration: one, or a folder.
#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "config/envoy_reader.h"
#include "config/file_text.h"

namespace rateguard::config {
namespace {

bool is_envoy_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

std::unexpected<Error> cannot_read(const std::string& path, const std::error_code& error) {
  return std::unexpected(Error{.code = ErrorCode::kIo, .message = error.message(), .position = {.file = path}});
}

}  // namespace

Result<std::vector<std::string>> envoy_files(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return cannot_read(path, std::make_error_code(std::errc::no_such_file_or_directory));
  }
  if (!std::filesystem::is_directory(status)) return std::vector{path};
  std::vector<std::string> files;
  std::filesystem::directory_iterator at(path, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::error_code ignored;  // a file that vanishes meanwhile is left out
    if (is_envoy_file(at->path()) && !at->is_directory(ignored)) files.push_back(at->path().string());
  }
  if (error) return cannot_read(path, error);
  std::ranges::sort(files);
  return files;
}

Result<std::shared_ptr<const envoy::RateLimits>> load_envoy(const std::string& path, envoy::SameDomain same_domain,
                                                            std::span<const std::string> stores) {
  const auto files = envoy_files(path);
  if (!files) return std::unexpected(files.error());
  std::vector<envoy::DomainSpec> specs;
  for (const std::string& file : *files) {
    const auto text = read_named_file(file);
    if (!text) return std::unexpected(text.error());
    auto spec = parse_envoy(*text, file, stores);
    if (!spec) return std::unexpected(spec.error());
    specs.push_back(std::move(*spec));
  }
  return envoy::RateLimits::compile(std::move(specs), same_domain);
}

}  // namespace rateguard::config
