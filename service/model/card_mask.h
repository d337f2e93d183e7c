// Card numbers out of text that is shown or written down.
#pragma once

#include <string>

namespace verdict::model {

// The digits of whatever could be a card number become '*': 13 to 19 digits that pass the Luhn
// check, in one run or in runs with one blank or dash between them. A longer run is none.
void MaskCardNumbers(std::string* text);

}  // namespace verdict::model
