// Number formats on the host, written apart from the kernels' conversions: by search instead of by bits.
#pragma once
#include <stdint.h>
#include <string.h>

float bf16_value(uint16_t bits);
uint16_t bf16_nearest(float value);
float e4m3_value(uint8_t bits);
// Nearest, ties to the even mantissa, saturating at 448.
uint8_t e4m3_nearest(float value);
