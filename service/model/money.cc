// A table by the three letters, so that the exponent of a currency costs one load.
#include "model/money.h"

#include <array>

namespace verdict::model {
namespace {

constexpr int kLetters = 26;
constexpr int kUnknownExponent = 2;  // what most currencies have
constexpr int kExponentMax = 4;

// ISO 4217 by number of minor digits. Metals, funds of the IMF, XTS and XXX have no minor unit and
// are left out.
constexpr std::string_view kNoDigits =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
constexpr std::string_view kThreeDigits = "BHD IQD JOD KWD LYD OMR TND";
constexpr std::string_view kFourDigits = "CLF UYW";
constexpr std::string_view kTwoDigits =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
    "ZWG";
// Withdrawn since 2018; transactions of years past still name them.
constexpr std::string_view kWithdrawnTwoDigits = "ANG BGN CUC HRK MRO SLL STD VEF ZWL";

// Where the currency stands in the table; -1 where it is not three capitals.
constexpr int IndexOf(std::string_view currency) {
  if (currency.size() != 3) return -1;
  int index = 0;
  for (const char letter : currency) {
    if (letter < 'A' || letter > 'Z') return -1;
    index = index * kLetters + (letter - 'A');
  }
  return index;
}

using ExponentTable = std::array<int8_t, kLetters * kLetters * kLetters>;

constexpr void Enter(ExponentTable& table, std::string_view codes, int8_t exponent) {
  for (size_t i = 0; i < codes.size(); i += 4) table[IndexOf(codes.substr(i, 3))] = exponent;
}

constexpr ExponentTable MakeTable() {
  ExponentTable table{};
  table.fill(-1);
  Enter(table, kNoDigits, 0);
  Enter(table, kTwoDigits, 2);
  Enter(table, kWithdrawnTwoDigits, 2);
  Enter(table, kThreeDigits, 3);
  Enter(table, kFourDigits, 4);
  return table;
}

constexpr ExponentTable kExponents = MakeTable();
constexpr std::array<int64_t, kExponentMax + 1> kPowersOfTen = {1, 10, 100, 1'000, 10'000};

}  // namespace

std::optional<int> CurrencyExponent(std::string_view currency) {
  const int index = IndexOf(currency);
  if (index < 0 || kExponents[index] < 0) return std::nullopt;
  return kExponents[index];
}

int64_t MinorUnitsPerMajor(std::string_view currency) {
  return kPowersOfTen[CurrencyExponent(currency).value_or(kUnknownExponent)];
}

double ToMajorUnits(int64_t minor, std::string_view currency) {
  return static_cast<double>(minor) / static_cast<double>(MinorUnitsPerMajor(currency));
}

std::string FormatMoney(int64_t minor, std::string_view currency) {
  const int exponent = CurrencyExponent(currency).value_or(kUnknownExponent);
  const uint64_t magnitude = minor < 0 ? 0 - static_cast<uint64_t>(minor) : minor;
  const auto power = static_cast<uint64_t>(kPowersOfTen[exponent]);
  const std::string major = std::to_string(magnitude / power);

  std::string text = minor < 0 ? "-" : "";
  for (size_t i = 0; i < major.size(); ++i) {
    if (i > 0 && (major.size() - i) % 3 == 0) text += ',';
    text += major[i];
  }
  if (exponent > 0) {
    const std::string digits = std::to_string(magnitude % power);
    text += '.';
    text.append(exponent - digits.size(), '0');
    text += digits;
  }
  text += ' ';
  text += currency;
  return text;
}

}  // namespace verdict::model
