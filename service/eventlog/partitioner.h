// How a log's writers choose the partition of a merchant's events.
#pragma once

#include <cstdint>
#include <string_view>

#include "eventlog/event_source.h"

namespace verdict::eventlog {

// kVerdict: the embedded log's own. The others are those of Kafka's producers: kMurmur2 of the Java
// client (librdkafka: murmur2_random), kCrc32 of librdkafka by default (consistent_random).
enum class Partitioner : uint8_t { kVerdict, kMurmur2, kCrc32 };

// The same in every build, process and year. REQUIRES: partitions > 0.
Partition PartitionOf(std::string_view merchant_id, int partitions, Partitioner partitioner);

}  // namespace verdict::eventlog
