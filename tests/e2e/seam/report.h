// The figures of a run, and what is wrong with it.
#pragma once

#include <cstdint>
#include <string>

namespace verdict::seam {

// Thread-compatible. Prints as it goes.
class Report {
 public:
  void Heading(const std::string& text);
  void Figure(const std::string& what, uint64_t figure);
  void Figure(const std::string& what, const std::string& figure);
  // `part` of `whole`, in per cent.
  void Share(const std::string& what, uint64_t part, uint64_t whole);
  // Says `otherwise`, and counts it as wrong, unless it `holds`.
  void Require(bool holds, const std::string& otherwise);
  int wrong() const { return wrong_; }

 private:
  int wrong_ = 0;
};

}  // namespace verdict::seam
