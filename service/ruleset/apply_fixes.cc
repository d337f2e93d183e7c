// Places to bytes, then all edits in one pass from the start of the file to its end.
#include "ruleset/apply_fixes.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/strings/str_format.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {
namespace {

// Bytes [begin, end) of the file and what takes their place.
struct ByteEdit {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
};

// What one diagnostic asks for, in the order of the file; never empty.
struct Mending {
  const rule::Diagnostic* diagnostic = nullptr;
  std::vector<ByteEdit> edits;
};

std::string AsInJsonString(std::string_view text) {
  std::string written;
  for (char c : text) {
    if (c == '"' || c == '\\') written += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&written, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      written += c;
    }
  }
  return written;
}

// The byte `columns` code points behind `at`, on the same line; nothing where the line ends before.
std::optional<size_t> Behind(std::string_view text, size_t at, int columns) {
  for (; columns > 0; --columns) {
    if (at >= text.size() || text[at] == '\n') return std::nullopt;
    at += std::min(Utf8Length(text[at]), text.size() - at);
  }
  return at;
}

std::optional<ByteEdit> EditOf(std::string_view text, const rule::Fix& fix) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  size_t line = 0;
  for (int i = 1; i < fix.place.line; ++i) {
    const size_t end = text.find('\n', line);
    if (end == std::string_view::npos) return std::nullopt;
    line = end + 1;
  }
  if (line == 0 && text.starts_with(kByteOrderMark)) line = kByteOrderMark.size();
  const std::optional<size_t> begin = Behind(text, line, fix.place.column - 1);
  if (!begin) return std::nullopt;
  const std::optional<size_t> end = Behind(text, *begin, fix.place.length);
  if (!end) return std::nullopt;
  return ByteEdit{*begin, *end, AsInJsonString(fix.text)};
}

// An insertion stands before what begins at the same byte.
bool StandsBefore(const ByteEdit& a, const ByteEdit& b) {
  return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
}

bool Overlap(const ByteEdit& a, const ByteEdit& b) { return a.begin < b.end && b.begin < a.end; }

bool Overlap(const Mending& a, const Mending& b) {
  return std::any_of(a.edits.begin(), a.edits.end(), [&](const ByteEdit& edit) {
    return std::any_of(b.edits.begin(), b.edits.end(),
                       [&](const ByteEdit& other) { return Overlap(edit, other); });
  });
}

// Bytes [begin, end) of `text` with the edits made that stand there.
std::string Edited(std::string_view text, size_t begin, size_t end,
                   const std::vector<ByteEdit>& edits) {
  std::string out;
  for (const ByteEdit& edit : edits) {
    out.append(text.substr(begin, edit.begin - begin)).append(edit.text);
    begin = edit.end;
  }
  return out.append(text.substr(begin, end - begin));
}

// Nothing where a place is not in the text.
std::optional<Mending> MendingOf(std::string_view text, const rule::Diagnostic& diagnostic) {
  Mending mending{.diagnostic = &diagnostic, .edits = {}};
  for (const rule::Fix& fix : diagnostic.fixes) {
    std::optional<ByteEdit> edit = EditOf(text, fix);
    if (!edit) return std::nullopt;
    mending.edits.push_back(*std::move(edit));
  }
  std::stable_sort(mending.edits.begin(), mending.edits.end(), StandsBefore);
  return mending;
}

}  // namespace

MendedText ApplyFixes(const std::string& file, std::string_view text,
                      const std::vector<rule::Diagnostic>& diagnostics) {
  MendedText mended;
  std::vector<Mending> taken;
  for (const rule::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.fixes.empty() || diagnostic.place.file != file) continue;
    std::optional<Mending> mending = MendingOf(text, diagnostic);
    const bool fits = mending && std::none_of(taken.begin(), taken.end(), [&](const Mending& one) {
                        return Overlap(one, *mending);
                      });
    if (fits) {
      taken.push_back(*std::move(mending));
    } else {
      ++mended.left;
    }
  }
  std::vector<ByteEdit> edits;
  for (const Mending& mending : taken) {
    const size_t begin = mending.edits.front().begin;
    const size_t end = mending.edits.back().end;
    mended.applied.push_back({.code = mending.diagnostic->code,
                              .place = mending.diagnostic->place,
                              .before = std::string(text.substr(begin, end - begin)),
                              .after = Edited(text, begin, end, mending.edits)});
    edits.insert(edits.end(), mending.edits.begin(), mending.edits.end());
  }
  std::stable_sort(
      mended.applied.begin(), mended.applied.end(), [](const AppliedFix& a, const AppliedFix& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
      });
  std::stable_sort(edits.begin(), edits.end(), StandsBefore);
  mended.text = Edited(text, 0, text.size(), edits);
  return mended;
}

}  // namespace verdict::ruleset
