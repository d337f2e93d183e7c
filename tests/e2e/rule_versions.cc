#include "e2e/rule_versions.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"

namespace verdict::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kRules = 24;
constexpr int kBrokenEvery = 10;

constexpr char kSchema[] = R"({ "schema": "txn/1" })";
constexpr char kFeatures[] = R"({ "features": [
  { "name": "count_1d", "entity": "card", "aggregate": "count", "window": "1d" },
  { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d" } ] })";
// Versions turn decisions at random: the guard is not what is tested here.
constexpr char kPolicy[] = R"({ "review_at": 60, "deny_at": 100, "reasons": ["AMOUNT", "VELOCITY"],
  "guard": { "max_deny_shift": 100.0 } })";

void WriteFile(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Every version gives each rule another score, so that an answer tells which one it was made by.
std::string RulesOf(int version) {
  std::string text = "{ \"schema\": \"txn/1\", \"rules\": [\n";
  for (int i = 0; i < kRules; ++i) {
    const std::string when =
        i % 4 == 3 ? absl::StrFormat("card.count_1d >= %d || merchant.volume_30d > %d.0",
                                     1 + (version + i) % 5, 1000 * (1 + i))
                   : absl::StrFormat("txn.amount_minor %% %d == %d", 2 + i, version % (2 + i));
    text += absl::StrFormat(
        "  { \"id\": \"rule_%02d\", \"name\": \"Rule %d of version %d\", \"owner\": \"test\", "
        "\"mode\": "
        "\"live\", \"action\": \"none\",\n    \"score\": %d, \"priority\": %d, \"reason\": \"%s\", "
        "\"when\": "
        "\"%s\" }%s\n",
        i, i, version, 1 + (version * 7 + i * 3) % 40, (version + i) % 5,
        i % 2 == 0 ? "AMOUNT" : "VELOCITY", when, i + 1 < kRules ? "," : "");
  }
  return text + "] }\n";
}

// What people break.
std::string Broken(int version) {
  const std::string whole = RulesOf(version);
  switch (version / kBrokenEvery % 4) {
    case 0:
      return whole.substr(0, whole.size() / 2);
    case 1:
      return whole.substr(0, whole.rfind(" ]")) + ", { \"id\": \"x1\" } ] }";
    case 2: {
      std::string misspelt = whole;
      return misspelt.replace(misspelt.find("txn.amount_minor"), 16, "txn.amuont_minor");
    }
    default: {
      std::string unknown = whole;
      return unknown.replace(unknown.find("\"score\""), 7, "\"socre\"");
    }
  }
}

}  // namespace

RuleVersions::RuleVersions(fs::path folder, SavedBy saved_by)
    : folder_(std::move(folder)), saved_by_(saved_by) {
  fs::create_directories(folder_);
  if (saved_by_ == SavedBy::kEditor) {
    WriteFile(folder_ / "schema.json", kSchema);
    WriteFile(folder_ / "features.json", kFeatures);
    WriteFile(folder_ / "policy.json", kPolicy);
  } else {
    for (const char* name : {"schema.json", "features.json", "policy.json", "rules.json"}) {
      fs::create_symlink(fs::path("..data") / name, folder_ / name);
    }
  }
  Save(RulesOf(0));
}

bool RuleVersions::Next() {
  ++version_;
  const bool broken = version_ % kBrokenEvery == kBrokenEvery - 1;
  Save(broken ? Broken(version_) : RulesOf(version_));
  return !broken;
}

void RuleVersions::Save(const std::string& rules) {
  if (saved_by_ == SavedBy::kEditor) {
    WriteFile(folder_ / ".rules.json.swp", rules);
    fs::rename(folder_ / ".rules.json.swp", folder_ / "rules.json");
    return;
  }
  const std::string name = absl::StrFormat("..version_%d", version_);
  fs::create_directories(folder_ / name);
  WriteFile(folder_ / name / "schema.json", kSchema);
  WriteFile(folder_ / name / "features.json", kFeatures);
  WriteFile(folder_ / name / "policy.json", kPolicy);
  WriteFile(folder_ / name / "rules.json", rules);
  fs::create_directory_symlink(name, folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  if (version_ > 0) fs::remove_all(folder_ / absl::StrFormat("..version_%d", version_ - 1));
}

}  // namespace verdict::testing
