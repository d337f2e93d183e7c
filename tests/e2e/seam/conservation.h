// I7: every record that a life of verdictd read is in exactly one class, the one that the topic
// says it belongs to; and what nobody could read lies among the dead letters.
#pragma once

#include <string>
#include <vector>

#include "e2e/seam/kafka_topic.h"
#include "e2e/seam/lives.h"
#include "e2e/seam/reference.h"
#include "e2e/seam/report.h"

namespace verdict::seam {

// The offsets that a page of /metrics gives by partition; empty where it gives none.
Offsets OffsetsOf(const MetricsPage& page, const std::string& gauge);

// Does the page have all that I7 is told by? One of a verdictd that starts up has not.
bool TellsI7(const MetricsPage& page);

// How far a life's counters are from the classes of the records it has read; empty: not at all. Of
// a life at rest, nothing; of another, what was applied while its page was being written.
std::string DifferenceOf(const MetricsPage& page, const Reference& reference, int64_t slack);

// Each life's counters against the topic.
void CheckConservation(const std::vector<LifeRecord>& lives, const Reference& reference,
                       Report* report);

// The topic of dead letters against the unreadable records of `topic`: each lies there as it was.
void CheckDeadLetters(const std::vector<Message>& dead, const std::vector<Message>& topic,
                      const Reference& reference, Report* report);

}  // namespace verdict::seam
