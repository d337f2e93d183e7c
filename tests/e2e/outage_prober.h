// Asks a verdictd, a hundred times a second, for payments of a merchant it knows well, every other
// one with a card that nobody has seen: what do its answers say of themselves, and when?
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "verdict/v1/decision.pb.h"

namespace verdict::seam {

struct Probe {
  int64_t sent_ns = 0;  // the steady clock's
  int64_t ended_ns = 0;
  bool cold = false;  // its card's days are in no cache
  bool answered = false;
  v1::Provenance provenance = v1::PROVENANCE_UNSPECIFIED;
  std::string text = {};  // "PARTIAL(batch)", or the error
};

// Answers of one stretch of time.
struct ProbeFigures {
  uint64_t probes = 0;
  uint64_t failed = 0;
  uint64_t full = 0;
  std::map<std::string, uint64_t> by_text;
  int64_t slowest_ns = 0;
};

// Asks on a thread of its own, until stopped.
class Prober {
 public:
  explicit Prober(std::string address);
  ~Prober();
  // Stops, and gives what came of it.
  std::vector<Probe> Stop();

 private:
  void Run();

  const std::string address_;
  std::atomic<bool> done_{false};
  std::vector<Probe> probes_;  // of the thread, until it has ended
  std::thread thread_;
};

enum class Which : uint8_t { kAll, kCold, kWarm };
// Of the probes sent from `from_ns` on and answered by `until_ns`.
ProbeFigures FiguresOf(const std::vector<Probe>& probes, int64_t from_ns, int64_t until_ns,
                       Which which);

}  // namespace verdict::seam
