#include "app/serve/open_catalog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace rateguard::app {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);

class OpenCatalog : public testing::Test {
 protected:
  OpenCatalog() {
    std::string name = testing::TempDir() + "open_catalog_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~OpenCatalog() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(OpenCatalog, WithoutADataFolderOrAUrlThereIsNone) {
  const auto opened = open_catalog({}, kNow);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(*opened, nullptr);
  EXPECT_EQ(catalog_name({}), "none");
}

TEST_F(OpenCatalog, InADataFolderThatIsNotThereYetItIsMade) {
  const config::Config config = {.data_dir = folder_ / "new"};
  const auto opened = open_catalog(config, kNow);
  ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
  EXPECT_TRUE((*opened)->state().has_value());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "new/catalog.db"));
}

TEST_F(OpenCatalog, AFileThatIsNoCatalogIsNamedWithItsSettingAndLeftUntouched) {
  const std::string path = folder_ / "notes.txt";
  const std::string text = "not a database, but longer than the header of one: some notes about nothing at all\n";
  std::ofstream(path) << text;
  config::Config config = {.path = "rateguard.yaml"};
  config.catalog.url = "sqlite:" + path;
  config.positions["catalog.url"] = {.file = "rateguard.yaml", .line = 3, .column = 8};
  const auto opened = open_catalog(config, kNow);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(opened.error().to_string().starts_with("rateguard.yaml:3:8: the catalog sqlite:" + path + " "))
      << opened.error().to_string();
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(OpenCatalog, ThePasswordOfAServerThatDoesNotAnswerIsNotShown) {
  config::Config config;
  config.catalog.url = "postgres://rg:hunter2@127.0.0.1:1/rg";
  const auto opened = open_catalog(config, kNow);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kIo);
  EXPECT_FALSE(opened.error().to_string().contains("hunter2")) << opened.error().to_string();
  EXPECT_FALSE(catalog_name(config).contains("hunter2")) << catalog_name(config);
}

}  // namespace
}  // namespace rateguard::app
