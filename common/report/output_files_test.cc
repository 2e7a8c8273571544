#include "common/report/output_files.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "common/server/scratch_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string ContentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class OutputFilesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  ScratchDirectory directory_ = ScratchDirectory::Make().value();
};

TEST_F(OutputFilesTest, AFileThatCanBeWrittenIsNotMade) {
  EXPECT_EQ(CheckWritable("--series", Path("new")), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(Path("new")));
  std::ofstream(Path("old")) << "content";
  EXPECT_EQ(CheckWritable("--series", Path("old")), absl::OkStatus());
  EXPECT_EQ(ContentOf(Path("old")), "content");
}

TEST_F(OutputFilesTest, SaysWhatCannotBeWrittenAndWhy) {
  const absl::Status status = CheckWritable("--series", Path("none/file"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("--series="), HasSubstr("none/file"), HasSubstr("No such file")));
  EXPECT_THAT(std::string(PrepareDirectory("--histograms", Path("none/directory")).message()),
              AllOf(HasSubstr("--histograms="), HasSubstr("No such file")));
  std::ofstream(Path("file")) << "";
  EXPECT_FALSE(PrepareDirectory("--histograms", Path("file")).ok());
}

TEST_F(OutputFilesTest, MakesADirectoryAndLeavesNothingInIt) {
  EXPECT_EQ(PrepareDirectory("--histograms", Path("made")), absl::OkStatus());
  EXPECT_EQ(PrepareDirectory("--histograms", Path("made")), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_empty(Path("made")));
}

TEST_F(OutputFilesTest, WritesAllOrNothing) {
  ASSERT_EQ(WriteWholeFile(Path("file"), "first"), absl::OkStatus());
  ASSERT_EQ(WriteWholeFile(Path("file"), "second"), absl::OkStatus());
  EXPECT_EQ(ContentOf(Path("file")), "second");
  EXPECT_FALSE(WriteWholeFile(Path("none/file"), "text").ok());
  // Where something else is in its place, it stays, and nothing is left over.
  std::filesystem::create_directory(Path("directory"));
  EXPECT_FALSE(WriteWholeFile(Path("directory"), "text").ok());
  int entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(directory_.path())) {
    ++entries;
  }
  EXPECT_EQ(entries, 2);
}

TEST_F(OutputFilesTest, NamesAFileOfARow) {
  EXPECT_EQ(FileNameOfRow("Lock/unsafe/none/workers:5/real_time/threads:1"),
            "Lock.unsafe.none.workers_5.real_time.threads_1");
}

}  // namespace
}  // namespace rcb
