// On what a measurement was made: printed with every figure.
#pragma once

#include <string>

namespace verdict::load {

struct Hardware {
  std::string cpu;  // "AMD EPYC 7B13"
  int cores = 0;    // online
  double memory_gib = 0;
  std::string kernel;  // "Linux 6.1.0"
};

Hardware DescribeHardware();

// CPU seconds (user and system) that this process has used.
double ProcessCpuSeconds();

}  // namespace verdict::load
