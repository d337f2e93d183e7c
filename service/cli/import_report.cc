#include "cli/import_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "cli/terminal.h"

namespace verdict::cli {
namespace {

std::string LeftOut(const TilesSummary& s) {
  std::string text;
  const auto add = [&](int64_t count, const char* why) {
    if (count == 0) return;
    absl::StrAppendFormat(&text, "  %s %s\n", WithThousands(count), why);
  };
  add(s.too_old, "rows left out: of days that no window reaches any more");
  add(s.not_owned, "rows left out: of days that the import does not own (--until)");
  add(s.before_from, "rows left out: of days before --from");
  add(s.empty, "rows left out: nothing was added up");
  add(s.bad, "rows left out: bad");
  add(s.negative, "rows have a count below zero: more reversals than payments");
  for (const std::string& column : s.other_columns) {
    absl::StrAppendFormat(&text, "  column \"%s\" is not read\n", column);
  }
  return text;
}

void PrintBadRows(const TilesSummary& s) {
  for (const BadRow& row : s.first_bad) absl::PrintF("line %d: %s\n", row.line, row.reason);
  const auto shown = static_cast<int64_t>(s.first_bad.size());
  if (s.bad > shown) absl::PrintF("... and %s more\n", WithThousands(s.bad - shown));
}

}  // namespace

void PrintImportText(const ImportOutcome& o) {
  if (o.refused_rows) {
    PrintBadRows(o.tiles);
    absl::PrintF("%s of %s rows are bad: nothing was imported (--skip-bad leaves them out)\n",
                 WithThousands(o.tiles.bad), WithThousands(o.tiles.rows));
    return;
  }
  const std::string last = model::FormatDay(o.before - 1);
  if (o.unchanged) {
    absl::PrintF("nothing to do: these days up to %s are imported already (rev %d)\n", last, o.rev);
  } else {
    absl::PrintF("imported the days %s to %s (rev %d): %s rows, %s keys", model::FormatDay(o.from),
                 last, o.rev, WithThousands(o.tiles.taken),
                 WithThousands(static_cast<int64_t>(o.keys)));
    if (o.others > 0) {
      absl::PrintF("; %s keys without rows have nothing on those days",
                   WithThousands(static_cast<int64_t>(o.others)));
    }
    absl::PrintF("; written and read back\n");
  }
  absl::PrintF("%s", LeftOut(o.tiles));
  PrintBadRows(o.tiles);
  absl::PrintF("read by %s; their answers say mode DAY\n", o.readers);
  absl::PrintF("days from %s on are counted from the log; events over %d days late are orphans\n",
               model::FormatDay(o.before), o.late_days);
  if (o.log_from > o.before) {
    absl::PrintF(
        "the log holds no day whole before %s: answers that reach the days from %s on say "
        "PARTIAL(before) until they are imported, too (--log-from DAY, if it does hold them)\n",
        model::FormatDay(o.log_from), model::FormatDay(o.before));
  }
}

void PrintImportJson(const ImportOutcome& o) {
  nlohmann::ordered_json json = {{"features", o.readers},
                                 {"from", model::FormatDay(o.from)},
                                 {"before", model::FormatDay(o.before)},
                                 {"late_days", o.late_days},
                                 {"rev", o.rev},
                                 {"imported", !o.refused_rows && !o.unchanged},
                                 {"unchanged", o.unchanged},
                                 {"rows", o.tiles.rows},
                                 {"taken", o.tiles.taken},
                                 {"keys", o.keys},
                                 {"keys_without_rows", o.others},
                                 {"too_old", o.tiles.too_old},
                                 {"not_owned", o.tiles.not_owned},
                                 {"before_from", o.tiles.before_from},
                                 {"empty", o.tiles.empty},
                                 {"negative_counts", o.tiles.negative},
                                 {"bad", o.tiles.bad},
                                 {"first_bad", nlohmann::ordered_json::array()},
                                 {"columns_not_read", o.tiles.other_columns}};
  for (const BadRow& row : o.tiles.first_bad) {
    json["first_bad"].push_back({{"line", row.line}, {"reason", row.reason}});
  }
  absl::PrintF("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace verdict::cli
