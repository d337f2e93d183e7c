#include "e2e/seam/report.h"

#include <cstdio>

#include "absl/strings/str_format.h"

namespace verdict::seam {

void Report::Heading(const std::string& text) { std::printf("\n%s\n", text.c_str()); }

void Report::Figure(const std::string& what, uint64_t figure) {
  Figure(what, std::to_string(figure));
}

void Report::Figure(const std::string& what, const std::string& figure) {
  std::printf("  %-58s %14s\n", what.c_str(), figure.c_str());
  std::fflush(stdout);
}

void Report::Share(const std::string& what, uint64_t part, uint64_t whole) {
  const double percent =
      whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  Figure(what, absl::StrFormat("%.3f %%", percent));
}

void Report::Require(bool holds, const std::string& otherwise) {
  if (holds) return;
  ++wrong_;
  std::printf("WRONG %s\n", otherwise.c_str());
}

}  // namespace verdict::seam
