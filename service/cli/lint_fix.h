// `verdict lint --fix`: what the fixes of a lint change, in the files and for people to see.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "ruleset/apply_fixes.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

struct MendedFile {
  std::string path;
  std::string before;
  ruleset::MendedText after;
};

struct FixRun {
  bool dry = false;                    // nothing was written
  std::vector<MendedFile> files;       // by path: those that were mended
  size_t left = 0;                     // fixes that overlap one that was applied
  std::vector<absl::Status> troubles;  // of files that were to be mended and are as they were
};

// All that `found` offers. Files of `folder` are replaced unless `dry`.
FixRun FixFiles(const std::string& folder, const ruleset::LoadResult& found, bool dry);

// The texts of a run, as LoadOptions::instead takes them.
std::map<std::string, std::string> MendedTexts(const FixRun& run);

// A line a fix, `rules/a.json:7:14  R102  amout -> amount`, the lines that would change where the
// run is dry, and how many there are.
std::string FixesText(const FixRun& run, bool color);
// An array of objects: file, line, column, code, before, after.
nlohmann::ordered_json FixesJson(const FixRun& run);

}  // namespace verdict::cli
