// The corpus of mistakes: a case is a folder of tests/ruleset/bad, laid over the good set, with its
// golden messages and the places that a person marked.
#pragma once

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "ruleset/folder.h"

namespace verdict::ruleset {

inline const std::filesystem::path kCorpus = "tests/ruleset/bad";

inline std::vector<std::string> Cases() {
  std::vector<std::string> names;
  std::error_code
      elsewhere;  // the tests run from the top of the tree; elsewhere there is no corpus
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus, elsewhere)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline void LayOver(const std::filesystem::path& overlay, TestFolder* folder) {
  for (const auto& entry : std::filesystem::directory_iterator(overlay)) {
    const std::string name = entry.path().filename().string();
    if (name == "removed.txt") {
      std::string removed = ReadFileText(entry.path());
      folder->Remove(removed.substr(0, removed.find('\n')));
    } else if (name != "golden.txt" && name != "place.txt") {
      std::filesystem::copy(entry.path(), folder->path() / name,
                            std::filesystem::copy_options::overwrite_existing |
                                std::filesystem::copy_options::recursive);
    }
  }
}

// A line of place.txt: `R102 rules.json  "txn.>>amout<< > 500"`: code, file (`.` is the folder),
// two blanks, and a piece of the file as it stands there, found in it once, the mistake between
// `>>` and `<<`. Without `<<` the start alone is meant, of an object or of the rest; `>>` by itself
// is the end of the file, and no piece at all the file as a whole. `¶` stands for a line's end.
struct Mark {
  std::string code;
  std::string file;
  std::optional<std::string> before = {}, marked = {}, after = {};  // none: as above
};

inline std::vector<Mark> MarksOf(const std::filesystem::path& overlay) {
  std::vector<Mark> marks;
  std::istringstream lines(ReadFileText(overlay / "place.txt"));
  for (std::string line; std::getline(lines, line);) {
    const std::string kLineEnd = "¶";
    for (size_t at; (at = line.find(kLineEnd)) != std::string::npos;) {
      line.replace(at, kLineEnd.size(), "\n");
    }
    const size_t blank = line.find(' ');
    const size_t piece = line.find("  ");
    Mark mark{.code = line.substr(0, blank), .file = line.substr(blank + 1, piece - blank - 1)};
    if (const size_t open = line.find(">>"); piece != std::string::npos) {
      mark.before = line.substr(piece + 2, open - piece - 2);
      const std::string rest = line.substr(open + 2);
      const size_t close = rest.rfind("<<");
      if (close != std::string::npos) mark.marked = rest.substr(0, close);
      mark.after = close == std::string::npos ? rest : rest.substr(close + 2);
    }
    marks.push_back(std::move(mark));
  }
  return marks;
}

inline int CodePoints(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Where the mark stands; `length` is -1 where the start alone is meant. A piece that is not found
// once has line -1.
inline rule::Place PlaceOfMark(const Mark& mark, const std::filesystem::path& folder) {
  if (mark.file == ".") return {.file = folder.string()};
  const std::filesystem::path file = folder / mark.file;
  rule::Place place{.file = file.string(), .length = mark.marked ? CodePoints(*mark.marked) : -1};
  if (!mark.before) return {.file = file.string()};
  const std::string text = ReadFileText(file);
  const std::string piece = *mark.before + mark.marked.value_or("") + *mark.after;
  size_t at = piece.empty() ? text.size() : text.find(piece);
  if (at == std::string::npos || text.find(piece, at + 1) != std::string::npos) {
    place.line = -1;
    return place;
  }
  at += mark.before->size();
  const size_t line = text.rfind('\n', at == 0 ? 0 : at - 1);
  const size_t begin = at == 0 || line == std::string::npos ? 0 : line + 1;
  place.line =
      static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')) + 1;
  place.column = CodePoints(std::string_view(text).substr(begin, at - begin)) + 1;
  return place;
}

}  // namespace verdict::ruleset
