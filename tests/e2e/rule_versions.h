// A folder of rules that changes as people and machines change one: each version is another set,
// one in ten is broken.
#pragma once

#include <filesystem>
#include <string>

namespace verdict::testing {

enum class SavedBy { kEditor, kConfigMap };

// Thread-compatible.
class RuleVersions {
 public:
  // Writes version 0. An editor renames a new rules.json over the old one; a ConfigMap has links
  // through `..data`, which is set anew with all files behind it.
  RuleVersions(std::filesystem::path folder, SavedBy saved_by);
  // The next version; false: it is broken, one way or another.
  bool Next();
  std::string folder() const { return folder_.string(); }

 private:
  void Save(const std::string& rules);

  const std::filesystem::path folder_;
  const SavedBy saved_by_;
  int version_ = 0;
};

}  // namespace verdict::testing
