// One file's text replaced at once: whoever reads it sees the old bytes or the new ones.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace verdict::cli {

struct Replacement {
  std::string path;
  std::string folder;  // no link leads the writing out of it
  std::string before;  // what `path` must hold still
  std::string after;
};

// Writes a file beside `path`, with its mode, and renames it. Where that is a link, what it leads
// to is replaced. Errors: the file has changed since `before` was read, lies outside of the folder,
// or what the system said; `path` is then as it was.
absl::Status ReplaceFile(const Replacement& replacement);

}  // namespace verdict::cli
