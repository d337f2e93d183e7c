// Rows as files really are: quotes, line breaks, damage.
#include "cli/csv_reader.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

struct ReadRow {
  int64_t line;
  std::vector<std::string> fields;
  std::string raw, error;
};

class CsvReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict_csv_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& text) {
    const std::string path = folder_ + "/rows.csv";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::vector<ReadRow> ReadPath(const std::string& path, char delimiter = ',') {
    std::vector<ReadRow> rows;
    auto file = InputFile::Open(path);
    EXPECT_THAT(file, IsOk());
    CsvReader reader(*std::move(file), delimiter);
    CsvRow row;
    while (true) {
      const absl::StatusOr<bool> any = reader.Next(&row);
      status_ = any.status();
      if (!any.ok() || !*any) return rows;
      ReadRow& read = rows.emplace_back(ReadRow{row.line, {}, std::string(row.raw), row.error});
      if (row.error.empty()) read.fields.assign(row.fields.begin(), row.fields.end());
    }
  }
  std::vector<ReadRow> Read(const std::string& text, char delimiter = ',') {
    return ReadPath(Write(text), delimiter);
  }
  std::string folder_;
  absl::Status status_;
};

TEST_F(CsvReaderTest, PlainRowsAreSplitAtCommas) {
  const auto rows = Read("a,b,c\n1,,3\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[1].fields, ElementsAre("1", "", "3"));
  EXPECT_EQ(rows[1].line, 2);
}

TEST_F(CsvReaderTest, QuotedFieldsHoldCommasLineBreaksAndQuotes) {
  const auto rows =
      Read("\"a,b\",\"two\nlines\",\"say \"\"hi\"\" and \"\"bye\"\"\"\r\nnext,row,x\r\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].fields, ElementsAre("a,b", "two\nlines", "say \"hi\" and \"bye\""));
  EXPECT_EQ(rows[1].line, 3);
}

TEST_F(CsvReaderTest, TwoFieldsWithDoubledQuotesKeepApart) {
  const auto rows = Read("\"a\"\"1\",\"b\"\"2\",\"\"\"\"\n");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0].fields, ElementsAre("a\"1", "b\"2", "\""));
}

TEST_F(CsvReaderTest, TheLastRowNeedsNoLineBreak) {
  EXPECT_THAT(Read("a,b").at(0).fields, ElementsAre("a", "b"));
  EXPECT_THAT(Read("a,\"b\"").at(0).fields, ElementsAre("a", "b"));
  EXPECT_THAT(Read("a,").at(0).fields, ElementsAre("a", ""));
}

TEST_F(CsvReaderTest, EmptyLinesAndAByteOrderMarkAreSkipped) {
  const auto rows = Read("\xef\xbb\xbfid,x\n\n\r\n1,2\n\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].fields, ElementsAre("id", "x"));
  EXPECT_EQ(rows[1].line, 4);
}

TEST_F(CsvReaderTest, AnEmptyFileHasNoRows) { EXPECT_THAT(Read(""), IsEmpty()); }

TEST_F(CsvReaderTest, AnotherDelimiterLeavesCommasAlone) {
  EXPECT_THAT(Read("1,5;\"2;3\"\n", ';').at(0).fields, ElementsAre("1,5", "2;3"));
}

TEST_F(CsvReaderTest, AQuoteThatIsNeverClosedCostsItsLineAlone) {
  const auto rows = Read("a,b\n\"open,1\n2,3\n4,5\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[1].error, HasSubstr("column 1 is never closed"));
  EXPECT_EQ(rows[1].raw, "\"open,1");
  EXPECT_EQ(rows[1].line, 2);
  EXPECT_THAT(rows[2].fields, ElementsAre("2", "3"));
  EXPECT_THAT(rows[3].fields, ElementsAre("4", "5"));
}

TEST_F(CsvReaderTest, TextAfterAClosingQuoteIsABadRow) {
  const auto rows = Read("a,\"b\"c\n1,2\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0].error, HasSubstr("column 2"));
  EXPECT_THAT(rows[1].fields, ElementsAre("1", "2"));
}

TEST_F(CsvReaderTest, ARowBeyondTheLimitIsBadAndReadingGoesOn) {
  const auto rows = Read("a,b\n" + std::string(3 << 20, 'x') + "\n1,2\n");
  ASSERT_GE(rows.size(), 3u);
  EXPECT_THAT(rows[1].error, HasSubstr("longer than 1048576 bytes"));
  EXPECT_THAT(rows.back().fields, ElementsAre("1", "2"));
}

TEST_F(CsvReaderTest, RowsThatStraddleTheReadersPiecesAreWhole) {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += "id" + std::to_string(i) + ",\"quo\"\"ted\nfield\",x\r\n";
  const auto rows = Read(text);
  ASSERT_EQ(rows.size(), 40000u);
  for (int i = 0; i < 40000; ++i) {
    ASSERT_THAT(rows[i].fields, ElementsAre("id" + std::to_string(i), "quo\"ted\nfield", "x"));
    ASSERT_EQ(rows[i].line, 2 * i + 1);
  }
}

TEST_F(CsvReaderTest, AGzipFileReadsAsThePlainOne) {
  const std::string path = folder_ + "/rows.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzputs(file, "a,b\n1,2\n");
  gzclose(file);
  const auto rows = ReadPath(path);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[1].fields, ElementsAre("1", "2"));
}

TEST_F(CsvReaderTest, ACutOffGzipFileIsAnErrorNotAnEnd) {
  const std::string path = folder_ + "/rows.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  for (int i = 0; i < 20000; ++i) gzprintf(file, "%d,%d\n", i * 7919, i * 104729);
  gzclose(file);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  ReadPath(path);
  EXPECT_THAT(status_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path)));
}

TEST(InputFile, AMissingFileIsNamed) {
  EXPECT_THAT(InputFile::Open("/tmp/no/such/file").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/tmp/no/such/file")));
}

TEST(InputFile, AFolderIsNoFile) {
  EXPECT_THAT(InputFile::Open("/tmp").status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("folder")));
}

}  // namespace
}  // namespace verdict::cli
