// When something was broken on purpose, so that answers can be told apart by it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace verdict::seam {

// Thread-compatible: the director writes it, the report reads it.
class Faults {
 public:
  void Begin(const std::string& what, int64_t now_ns) { open_.try_emplace(what, now_ns); }
  // It is mended; its effects are taken to last `after_ns` longer.
  void End(const std::string& what, int64_t now_ns, int64_t after_ns) {
    const auto began = open_.find(what);
    if (began == open_.end()) return;
    windows_.push_back({began->second, now_ns + after_ns});
    open_.erase(began);
  }
  // Did anything of [from, until] lie inside a fault?
  bool Touches(int64_t from_ns, int64_t until_ns) const {
    for (const Window& window : windows_) {
      if (from_ns <= window.until_ns && until_ns >= window.from_ns) return true;
    }
    for (const auto& [what, began_ns] : open_) {
      if (until_ns >= began_ns) return true;
    }
    return false;
  }

 private:
  struct Window {
    int64_t from_ns = 0;
    int64_t until_ns = 0;
  };
  std::map<std::string, int64_t> open_;
  std::vector<Window> windows_;
};

}  // namespace verdict::seam
