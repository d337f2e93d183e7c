// A fresh temporary folder of rules for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "ruleset/rule_set.h"

namespace verdict::ruleset {

inline std::string ReadFileText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Thread-compatible. Holds a copy of tests/ruleset/good; removed in the end.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ruleset_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
    std::filesystem::copy("tests/ruleset/good", path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  // Replaces `from` in the file; it must stand there.
  void Replace(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = ReadFileText(path_ / name);
    size_t at = text.find(from);
    if (at == std::string::npos) std::abort();
    Write(name, text.replace(at, from.size(), to));
  }
  void Remove(const std::string& name) { std::filesystem::remove(path_ / name); }
  const std::filesystem::path& path() const { return path_; }

  // As of 2026-11-20.
  LoadResult Load() const { return LoadRuleSet(path_.string(), {.now_ms = kNowMs}); }
  // The messages as people read them, the folder named `rules`.
  static std::string Text(const LoadResult& result, const std::string& folder) {
    std::string text;
    for (const rule::Diagnostic& d : result.diagnostics) text += rule::FormatDiagnostic(d, false);
    for (size_t at; (at = text.find(folder)) != std::string::npos;) {
      text.replace(at, folder.size(), "rules");
    }
    return text;
  }
  std::string Messages() const { return Text(Load(), path_.string()); }

  static constexpr int64_t kNowMs = 1'795'132'800'000;

 private:
  std::filesystem::path path_;
};

}  // namespace verdict::ruleset
