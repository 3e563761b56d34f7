#include "zoneinfo/database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "zoneinfo/tzif_file_testing.h"

namespace rateguard::zoneinfo {
namespace {

namespace fs = std::filesystem;

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    std::string name = testing::TempDir() + "zones.XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("Here/There", TzifFile{.footer = "\nHRE-1\n"}.bytes());
  }
  ~DatabaseTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& bytes) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  std::string refusal(Database& database, std::string_view name) {
    const auto found = database.find(name);
    return found ? "" : found.error().message;
  }

  fs::path folder_;
};

TEST_F(DatabaseTest, AZoneIsOneObjectHoweverOftenItIsFound) {
  Database database(folder_);
  const auto found = database.find("Here/There");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ((*found)->name(), "Here/There");
  EXPECT_EQ((*found)->rules().span_at(0).offset_s, 3'600);
  EXPECT_EQ(database.find("Here/There").value(), *found);
}

TEST_F(DatabaseTest, ARefreshTakesOverWhatTheFilesSayNow) {
  Database database(folder_);
  const TimeZone* zone = *database.find("Here/There");
  EXPECT_TRUE(database.refresh().changed.empty());
  write("Here/There", TzifFile{.footer = "\nHRE-2\n"}.bytes());
  EXPECT_EQ(zone->rules().span_at(0).offset_s, 3'600);
  EXPECT_EQ(database.refresh().changed, std::vector<std::string>{"Here/There"});
  EXPECT_EQ(zone->rules().span_at(0).offset_s, 7'200);
}

TEST_F(DatabaseTest, ARefreshKeepsTheRulesOfAZoneWhoseFileIsDamaged) {
  Database database(folder_);
  const TimeZone* zone = *database.find("Here/There");
  write("Here/There", "TZif");
  const auto refreshed = database.refresh();
  EXPECT_TRUE(refreshed.changed.empty());
  ASSERT_EQ(refreshed.problems.size(), 1U);
  EXPECT_EQ(refreshed.problems[0], "time zone 'Here/There': the file " + folder_.string() +
                                       "/Here/There cannot be used: it does not begin as a TZif file does; the rules "
                                       "read before stay in force");
  EXPECT_EQ(zone->rules().span_at(0).offset_s, 3'600);
}

TEST_F(DatabaseTest, NamesThatDependOnTheMachineAreRefusedWithWhatToWrite) {
  for (const char* name : {"localtime", "posixrules", "posix/Here/There", "right/Here/There"}) {
    write(name, TzifFile().bytes());
  }
  Database database(folder_);
  EXPECT_EQ(refusal(database, "localtime"),
            "time zone 'localtime' is whatever zone each machine is set to; write the name of the zone itself, such as "
            "Europe/Berlin (`timedatectl` or `readlink /etc/localtime` shows this machine's)");
  EXPECT_EQ(refusal(database, "posixrules"),
            "time zone 'posixrules' names no place; write the name of a zone, such as America/New_York");
  EXPECT_EQ(refusal(database, "Factory"),
            "time zone 'Factory' says that no zone was ever set; write the name of a zone, such as Europe/Berlin");
  EXPECT_EQ(refusal(database, "posix/Here/There"),
            "time zone 'posix/Here/There' is a copy of 'Here/There'; write that");
  EXPECT_EQ(refusal(database, "right/Here/There"),
            "time zone 'right/Here/There' is a copy of 'Here/There'; write that");
  EXPECT_EQ(refusal(database, "/usr/share/zoneinfo/Here/There"),
            "time zone '/usr/share/zoneinfo/Here/There' is a path; write the name alone: 'Here/There'");
  EXPECT_EQ(refusal(database, "/etc/localtime"),
            "time zone '/etc/localtime' is a path; write the name of a zone, such as Europe/Berlin");
}

TEST_F(DatabaseTest, NamesOfNoZoneAreRefused) {
  Database database(folder_);
  for (const char* name : {"", "Here", "Here/", "Here//There", "here/there", "../x", "./Here/There", "Here/There/x",
                           "tzdata.zi", "Here/Th ere", "Here/There\n"}) {
    EXPECT_EQ(refusal(database, name), "unknown time zone '" + std::string(name) +
                                           "'; expected a name of the IANA database, such as Europe/Berlin");
  }
}

TEST_F(DatabaseTest, WithoutAFolderThereIsNoDatabase) {
  Database database(folder_ / "absent");
  const auto found = database.find("Here/There");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

TEST_F(DatabaseTest, TheVersionIsWhatTheFolderStatedAtTheLastRefresh) {
  Database database(folder_);
  EXPECT_EQ(database.version(), "");
  write("+VERSION", "2024a\n");
  EXPECT_EQ(database.version(), "");
  database.refresh();
  EXPECT_EQ(database.version(), "2024a");
  write("tzdata.zi", "# version 2026f\n# This zic input file is in the public domain.\n");
  EXPECT_EQ(Database(folder_).version(), "2026f");
  write("tzdata.zi", "# version 2026f \"\\\n");
  EXPECT_EQ(Database(folder_).version(), "");
}

}  // namespace
}  // namespace rateguard::zoneinfo
