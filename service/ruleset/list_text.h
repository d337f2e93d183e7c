// The files under lists/: texts of one entry a line, and csv, whose entries may expire.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rule/named_list.h"
#include "ruleset/findings.h"

namespace verdict::ruleset {

struct ListText {
  std::string path;  // for messages
  rule::ListKind kind = rule::ListKind::kSet;
  std::optional<std::string> column;  // of a csv: which holds the entries
};

// Null where some line is no entry: each is R518 at its line, up to kListFaultsMax of them. Empty
// lines are skipped, blanks around an entry too, and a byte-order mark in front.
inline constexpr size_t kListFaultsMax = 10;
std::shared_ptr<const rule::NamedList> ReadTextList(std::string_view text, const ListText& source,
                                                    Findings* findings);
// The first row names the columns. A column `expires` holds a date (`2026-12-01`: from 00:00 UTC of
// that day on the entry does not count), a timestamp, or nothing: never.
std::shared_ptr<const rule::NamedList> ReadCsvList(std::string_view text, const ListText& source,
                                                   Findings* findings);

// For people: why a text is no entry of a list of that kind.
std::string NoEntry(rule::ListKind kind, std::string_view text);

}  // namespace verdict::ruleset
