#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace verdict::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr int kBarWidth = 30;

bool IsNumber(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789.,+-% x") == std::string::npos;
}

}  // namespace

void AddFormatOption(CLI::App* command, OutputFormat* format) {
  command
      ->add_option_function<std::string>(
          "--format",
          [format](const std::string& name) {
            *format = name == "json" ? OutputFormat::kJson : OutputFormat::kText;
          },
          "text for people, json for machines")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
}

int ExitWith(std::string_view command, const absl::Status& status) {
  if (status.ok()) return kExitOk;
  std::fflush(stdout);
  absl::FPrintF(stderr, "verdict %s: %s\n", command, std::string(status.message()));
  return kExitTrouble;
}

void Table::Add(std::vector<std::string> cells) {
  cells.resize(headers_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::Text() const {
  std::vector<size_t> widths;
  std::vector<bool> numeric;
  for (size_t c = 0; c < headers_.size(); ++c) {
    size_t width = headers_[c].size();
    bool numbers = !rows_.empty();
    for (const auto& row : rows_) {
      width = std::max(width, row[c].size());
      numbers = numbers && (row[c].empty() || IsNumber(row[c]));
    }
    widths.push_back(width);
    numeric.push_back(numbers);
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - row[c].size(), ' ');
      line += c == 0 ? "" : "  ";
      line += numeric[c] ? pad + row[c] : row[c] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(headers_);
  for (const auto& row : rows_) add(row);
  return text;
}

Progress::Progress(std::string_view what, uint64_t total)
    : what_(what),
      total_(total),
      shown_(isatty(STDERR_FILENO) == 1),
      begin_(std::chrono::steady_clock::now()),
      next_(begin_ + kRedraw) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::Update(uint64_t done) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kRedraw;
  Draw(done);
}

void Progress::Draw(uint64_t done) {
  drawn_ = true;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  const double rate = static_cast<double>(done) / std::max(seconds, 0.001);
  std::string bar;
  if (total_ > 0) {
    const auto filled = static_cast<int>(std::min(done, total_) * kBarWidth / total_);
    bar = "[" + std::string(static_cast<size_t>(filled), '#') +
          std::string(static_cast<size_t>(kBarWidth - filled), '.') + "] ";
  }
  absl::FPrintF(stderr, "\r\033[K%s %s%s (%s/s)", what_, bar,
                WithThousands(static_cast<int64_t>(done)),
                WithThousands(static_cast<int64_t>(rate)));
  std::fflush(stderr);
}

}  // namespace verdict::cli
