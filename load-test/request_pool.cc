// The id and the time stand first in a serialised Transaction and have fixed widths: they are
// patched in place.
#include "request_pool.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "absl/strings/str_format.h"
#include "verdict/v1/fraud_decision.pb.h"

namespace verdict::load {
namespace {

namespace pb = ::verdict::v1;

constexpr size_t kPrefixBytes = 5;      // gRPC: compressed flag, big-endian length
constexpr size_t kTimeVarintBytes = 6;  // of milliseconds since the epoch between 2004 and 2109
constexpr int64_t kAnyTimeMs = int64_t{1} << 40;
constexpr char kHex[] = "0123456789abcdef";

void PutHex(uint64_t value, int digits, uint8_t* out) {
  for (int i = digits - 1; i >= 0; --i, value >>= 4)
    out[i] = static_cast<uint8_t>(kHex[value & 15]);
}

void PutTime(int64_t ms, uint8_t* out) {
  auto rest = static_cast<uint64_t>(ms);
  for (size_t i = 0; i + 1 < kTimeVarintBytes; ++i, rest >>= 7)
    out[i] = static_cast<uint8_t>(rest | 0x80);
  out[kTimeVarintBytes - 1] = static_cast<uint8_t>(rest & 0x7f);
}

pb::Transaction MadeUpPayment(uint64_t merchant, uint64_t card, std::mt19937_64* random) {
  static constexpr const char* kCountries[] = {"FR", "DE", "GB", "US", "CN", "SG", "BR", "ZA"};
  static constexpr const char* kCategories[] = {"5411", "5812", "5541", "5999",
                                                "4829", "7995", "5732", "4111"};
  pb::Transaction txn;
  txn.set_amount_minor(
      static_cast<int64_t>(100 * std::exp(std::normal_distribution<>(3.2, 1.1)(*random))) + 1);
  txn.set_currency("EUR");
  txn.set_merchant_id(absl::StrFormat("m%08d", merchant));
  txn.set_merchant_mcc(kCategories[merchant % std::size(kCategories)]);
  txn.set_merchant_country(kCountries[merchant / 8 % std::size(kCountries)]);
  txn.set_card_id(absl::StrFormat("c%09d", card));
  txn.set_card_country(kCountries[card % std::size(kCountries)]);
  txn.set_customer_id(absl::StrFormat("u%09d", card / 2));
  txn.set_device_id(absl::StrFormat("d%09d", card / 3));
  txn.set_ip(absl::StrFormat("10.%d.%d.%d", card >> 16 & 255, card >> 8 & 255, card & 255));
  txn.set_country(kCountries[card % std::size(kCountries)]);
  txn.set_channel(card % 3 == 0 ? "pos" : "ecom");
  return txn;
}

}  // namespace

Zipf::Zipf(uint64_t n, double skew) : n_(n) {
  if (skew <= 0) return;
  cumulative_.reserve(n);
  double sum = 0;
  for (uint64_t rank = 1; rank <= n; ++rank)
    cumulative_.push_back(sum += std::pow(static_cast<double>(rank), -skew));
}

uint64_t Zipf::Draw(double uniform) const {
  if (cumulative_.empty())
    return std::min(static_cast<uint64_t>(uniform * static_cast<double>(n_)), n_ - 1);
  const auto at =
      std::upper_bound(cumulative_.begin(), cumulative_.end(), uniform * cumulative_.back());
  return std::min(static_cast<uint64_t>(at - cumulative_.begin()), n_ - 1);
}

RequestPool::RequestPool(bool keep, uint64_t seed)
    : keep_(keep), run_(static_cast<uint32_t>(seed * 0x9E3779B97F4A7C15u >> 32)) {}

RequestPool RequestPool::Generate(const Options& options, uint64_t seed) {
  RequestPool pool(/*keep=*/false, seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  const Zipf merchants(options.merchants, options.every_merchant ? 0 : options.zipf);
  const Zipf cards(options.cards, options.zipf);
  pool.entries_.reserve(options.pool);
  for (uint64_t i = 0; i < options.pool; ++i) {
    uint64_t merchant =
        options.every_merchant ? i % options.merchants : merchants.Draw(uniform(random));
    if (options.hot_share > 0 && uniform(random) < options.hot_share) merchant = 0;
    pool.Append(MadeUpPayment(merchant, cards.Draw(uniform(random)), &random), options.record);
  }
  return pool;
}

void RequestPool::Append(const pb::Transaction& txn, bool record) {
  pb::ScoreRequest request;
  *request.mutable_transaction() = txn;
  if (!keep_) {
    request.mutable_transaction()->set_id(std::string(kPatchedIdBytes, '0'));
    request.mutable_transaction()->set_event_time_ms(kAnyTimeMs);
  }
  if (!record) request.set_record(false);
  const size_t txn_bytes = request.transaction().ByteSizeLong();
  const size_t length_bytes = txn_bytes < 128 ? 1 : txn_bytes < 16384 ? 2 : 3;
  const size_t id_bytes = request.transaction().id().size();
  const std::string body = request.SerializeAsString();
  Entry entry;
  entry.offset = bytes_.size();
  entry.bytes = static_cast<uint32_t>(kPrefixBytes + body.size());
  entry.id_offset =
      static_cast<uint16_t>(kPrefixBytes + 1 + length_bytes + (id_bytes < 128 ? 2 : 3));
  entry.id_bytes = static_cast<uint16_t>(id_bytes);
  const auto length = static_cast<uint32_t>(body.size());
  bytes_.push_back('\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes_.push_back(static_cast<char>(length >> shift & 255));
  bytes_ += body;
  entries_.push_back(entry);
}

void RequestPool::WriteId(uint64_t sequence, uint8_t* out) const {
  PutHex(run_, 8, out);
  out[8] = '-';
  PutHex(sequence, 11, out + 9);
}

void RequestPool::WriteBody(size_t index, uint64_t sequence, int64_t now_ms, uint8_t* out) const {
  const Entry& entry = entries_[index];
  std::memcpy(out, bytes_.data() + entry.offset, entry.bytes);
  if (keep_) return;
  WriteId(sequence, out + entry.id_offset);
  PutTime(now_ms, out + entry.id_offset + kPatchedIdBytes + 1);
}

std::string RequestPool::IdOf(size_t index, uint64_t sequence) const {
  const Entry& entry = entries_[index];
  if (keep_) return bytes_.substr(entry.offset + entry.id_offset, entry.id_bytes);
  std::string id(kPatchedIdBytes, '\0');
  WriteId(sequence, reinterpret_cast<uint8_t*>(id.data()));
  return id;
}

absl::Status RequestPool::WriteDelimited(const std::string& path, int64_t now_ms) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::vector<uint8_t> body;
  for (size_t i = 0; i < entries_.size(); ++i) {
    body.resize(entries_[i].bytes);
    WriteBody(i, i, now_ms, body.data());
    size_t length = body.size() - kPrefixBytes;
    for (; length >= 128; length >>= 7) file.put(static_cast<char>(length | 0x80));
    file.put(static_cast<char>(length));
    file.write(reinterpret_cast<const char*>(body.data()) + kPrefixBytes,
               static_cast<std::streamsize>(body.size() - kPrefixBytes));
  }
  file.close();
  if (!file) return absl::UnavailableError(absl::StrFormat("cannot write %s", path));
  return absl::OkStatus();
}

void RequestPool::AppendEvent(const pb::TransactionEvent& event, bool record) {
  if (event.kind() != pb::EVENT_KIND_PAYMENT) return;
  pb::Transaction txn = event.transaction();
  txn.clear_status();  // an answer decides it
  Append(txn, record);
}

absl::Status RequestPool::LoadJsonLines(std::string_view text, bool record) {
  size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    pb::TransactionEvent event;
    const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(line), &event);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("line %d: %s", line_number, parsed.ToString()));
    }
    AppendEvent(event, record);
  }
  return absl::OkStatus();
}

absl::Status RequestPool::LoadDelimited(std::string_view bytes, bool record) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  while (true) {
    const auto at = stream.ByteCount();
    pb::TransactionEvent event;
    bool clean_end = false;
    if (!google::protobuf::util::ParseDelimitedFromZeroCopyStream(&event, &stream, &clean_end)) {
      if (clean_end) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrFormat("byte %d: not a length-delimited verdict.v1.TransactionEvent", at));
    }
    AppendEvent(event, record);
  }
}

absl::StatusOr<RequestPool> RequestPool::Load(const Options& options, uint64_t seed) {
  std::ifstream file(options.from, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrFormat("cannot read %s", options.from));
  std::ostringstream content;
  content << file.rdbuf();
  const std::string bytes = std::move(content).str();
  if (bytes.size() > (size_t{1} << 31) - 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is larger than 2 GiB: split it", options.from));
  }
  RequestPool pool(options.keep_ids, seed);
  const absl::Status loaded = !bytes.empty() && bytes.front() == '{'
                                  ? pool.LoadJsonLines(bytes, options.record)
                                  : pool.LoadDelimited(bytes, options.record);
  if (!loaded.ok()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", options.from, loaded.message()));
  }
  if (pool.size() == 0)
    return absl::InvalidArgumentError(absl::StrFormat("%s holds no PAYMENT event", options.from));
  return pool;
}

}  // namespace verdict::load
