#include "cli/lint_fix.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/thousands.h"
#include "cli/replace_file.h"

namespace verdict::cli {
namespace {

std::string PlaceText(const rule::Place& place) {
  return absl::StrFormat("%s:%d:%d", place.file, place.line, place.column);
}

// The line at the start of `text`, with its end.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  const std::string_view line = text->substr(0, end == std::string_view::npos ? end : end + 1);
  text->remove_prefix(line.size());
  return line;
}

void AppendLine(std::string_view sign, std::string_view line, bool color, std::string* out) {
  const bool ended = line.ends_with('\n');
  if (ended) line.remove_suffix(1);
  const std::string_view on = !color ? "" : (sign == "-" ? "\x1b[31m" : "\x1b[32m");
  absl::StrAppendFormat(out, "%s%s%s%s\n%s", on, sign, line, color ? "\x1b[0m" : "",
                        ended ? "" : "\\ No newline at end of file\n");
}

// As `diff -U0` writes it. A fix neither adds nor removes a line.
std::string Difference(const MendedFile& file, bool color) {
  std::string out = absl::StrFormat("--- %s\n+++ %s\n", file.path, file.path);
  std::string_view before = file.before;
  std::string_view after = file.after.text;
  for (int number = 1; !before.empty(); ++number) {
    const std::string_view old_line = TakeLine(&before);
    const std::string_view new_line = TakeLine(&after);
    if (old_line == new_line) continue;
    absl::StrAppendFormat(&out, "@@ -%d +%d @@\n", number, number);
    AppendLine("-", old_line, color, &out);
    AppendLine("+", new_line, color, &out);
  }
  return out;
}

std::string Summary(const FixRun& run, size_t fixes) {
  if (run.files.empty()) return "no fix was applied\n";
  std::string text = base::Counted(static_cast<int64_t>(fixes), "fix", "es") + " in " +
                     base::Counted(static_cast<int64_t>(run.files.size()), "file");
  if (run.dry) text += ", not written";
  if (run.left > 0) {
    text += absl::StrFormat("; %d more overlap%s one of them: run again", run.left,
                            run.left == 1 ? "s" : "");
  }
  return text + "\n";
}

}  // namespace

FixRun FixFiles(const std::string& folder, const ruleset::LoadResult& found, bool dry) {
  FixRun run;
  run.dry = dry;
  for (const auto& [path, text] : found.fixable) {
    ruleset::MendedText mended = ruleset::ApplyFixes(path, text, found.diagnostics);
    run.left += mended.left;
    if (mended.applied.empty()) continue;
    const absl::Status written =
        dry ? absl::OkStatus()
            : ReplaceFile({.path = path, .folder = folder, .before = text, .after = mended.text});
    if (written.ok()) {
      run.files.push_back({path, text, std::move(mended)});
    } else {
      run.troubles.push_back(written);
    }
  }
  return run;
}

std::map<std::string, std::string> MendedTexts(const FixRun& run) {
  std::map<std::string, std::string> texts;
  for (const MendedFile& file : run.files) texts.emplace(file.path, file.after.text);
  return texts;
}

std::string FixesText(const FixRun& run, bool color) {
  size_t width = 0;
  size_t fixes = 0;
  for (const MendedFile& file : run.files) {
    for (const ruleset::AppliedFix& fix : file.after.applied) {
      width = std::max(width, PlaceText(fix.place).size());
      ++fixes;
    }
  }
  std::string text;
  for (const MendedFile& file : run.files) {
    for (const ruleset::AppliedFix& fix : file.after.applied) {
      absl::StrAppendFormat(&text, "%-*s  %s  %s -> %s\n", static_cast<int>(width),
                            PlaceText(fix.place), fix.code, fix.before, fix.after);
    }
  }
  for (const MendedFile& file : run.files) {
    if (run.dry) text += Difference(file, color);
  }
  return text + Summary(run, fixes);
}

nlohmann::ordered_json FixesJson(const FixRun& run) {
  auto list = nlohmann::ordered_json::array();
  for (const MendedFile& file : run.files) {
    for (const ruleset::AppliedFix& fix : file.after.applied) {
      list.push_back({{"file", file.path},
                      {"line", fix.place.line},
                      {"column", fix.place.column},
                      {"code", fix.code},
                      {"before", fix.before},
                      {"after", fix.after}});
    }
  }
  return list;
}

}  // namespace verdict::cli
