// The bytes of a rules/ folder: its JSON files and lists, read from one opened directory, and their
// hash.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ruleset/findings.h"

namespace verdict::ruleset {

inline constexpr size_t kJsonFilesMax = 1'000;
inline constexpr size_t kListBytesMax = 256 << 20;  // of one list file

// Thread-compatible.
class RuleFolder {
 public:
  struct Options {
    std::string copy_to = {};  // what is read is written there as well, unless it is empty
    std::map<std::string, std::string> instead = {};  // bytes of files, by path
  };
  // Messages name files as `folder`/name.
  RuleFolder(std::string folder, Options options);
  ~RuleFolder();
  RuleFolder(const RuleFolder&) = delete;
  RuleFolder& operator=(const RuleFolder&) = delete;

  // Names of the *.json files, ascending. A folder that cannot be read is R500.
  std::vector<std::string> JsonNames(Findings* findings);
  // The bytes of a file, `name` relative to the folder; a failure is a finding R500 in that file,
  // or at `cause` where that is given (the place that names a list file).
  std::optional<std::string> Read(const std::string& name, size_t bytes_max, Findings* findings,
                                  const rule::Place* cause = nullptr);
  const std::string& folder() const { return folder_; }
  std::string PathOf(const std::string& name) const;
  // SHA-256 of the bytes of a file that was read.
  const std::string& DigestOf(const std::string& name) const { return digests_.at(name); }
  // SHA-256 over the names and bytes of all files read so far.
  std::string Hash() const;
  size_t files_read() const { return digests_.size(); }

 private:
  // Empty: done, or nowhere to write to. Else why not.
  std::string WriteCopy(const std::string& name, const std::string& bytes) const;

  std::string folder_;
  const Options options_;
  int directory_ = -1;                          // opened once, so that all files are of one version
  std::map<std::string, std::string> digests_;  // by name
};

}  // namespace verdict::ruleset
