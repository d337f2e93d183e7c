// The corpus of mistakes: each folder of tests/ruleset/bad lies over the good set, has one mistake,
// and its message. VERDICT_UPDATE_GOLDEN=1 writes the messages anew.
#include "gmock/gmock.h"
#include "ruleset/folder.h"

namespace verdict::ruleset {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  std::error_code
      elsewhere;  // the tests run from the top of the tree; elsewhere there is no corpus
  for (const auto& entry : fs::directory_iterator("tests/ruleset/bad", elsewhere)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string MessagesOf(const fs::path& overlay) {
  TestFolder folder;
  for (const auto& entry : fs::directory_iterator(overlay)) {
    std::string name = entry.path().filename().string();
    if (name == "removed.txt") {
      std::string removed = ReadFileText(entry.path());
      folder.Remove(removed.substr(0, removed.find('\n')));
    } else if (name != "golden.txt") {
      fs::copy(entry.path(), folder.path() / name,
               fs::copy_options::overwrite_existing | fs::copy_options::recursive);
    }
  }
  return folder.Messages();
}

class BadRules : public ::testing::TestWithParam<std::string> {};

TEST_P(BadRules, GetTheirMessage) {
  const fs::path overlay = fs::path("tests/ruleset/bad") / GetParam();
  const std::string messages = MessagesOf(overlay);
  EXPECT_NE(messages, "");
  if (std::getenv("VERDICT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(overlay / "golden.txt") << messages;
    return;
  }
  EXPECT_EQ(messages, ReadFileText(overlay / "golden.txt"));
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadRules, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param; });

TEST(GoodRules, HaveNoMessage) {
  TestFolder folder;
  EXPECT_EQ(folder.Messages(), "");
  EXPECT_NE(folder.Load().set, nullptr);
}

}  // namespace
}  // namespace verdict::ruleset
