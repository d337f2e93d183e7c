// A blob as bytes, the same in every store (little-endian; int128 and counts as zigzag varints):
//   0 u8 magic 'V'   1 u8 format = 1   2 u16 flags   4 u64 measure hash   12 u32 cut   16 u16 rev
//   18 u16 base day (days since 1970-01-01)   20 u8 n   21 n bytes: bitmap of days present, bit 0 =
//   base day tiles, a present day each, ascending: sum, count; with flag WORDS u8, and where it is
//   1 min, max, or for squares their sum; which kind they are is said in the flags with flag
//   MARKED: bitmap of n bytes of marked days, then a byte of TileMark bits each flag DAY (R5): cut
//   is b, the base day is the first day of all imports, and the high byte of the flags is L
//   increment: m, then m x (days after base day, tile [u8 marks]): what this cut added
//   with flag PREVIOUS: u32 cut that wrote the value before
//   u32 crc32c of all before
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "feature/blob.h"

namespace verdict::aggregate {

inline constexpr uint8_t kBlobFormat = 1;

// REQUIRES: tiles and increment in ascending days, no day twice, all within 0..65535 and 2,040 days
// of each other.
std::string EncodeBlob(const feature::Blob& blob);

// The cut that a whole blob bears, without decoding the rest; nothing where it is no such blob, or
// a damaged one.
std::optional<feature::CutId> CutOfBlob(std::string_view bytes);

// Errors: DataLoss naming what is wrong (short, magic, format, crc, order): it reads as failed,
// never as absent.
absl::StatusOr<feature::Blob> DecodeBlob(std::string_view bytes);

}  // namespace verdict::aggregate
