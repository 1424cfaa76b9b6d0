/* The exponential, as in FreeBSD's e_exp.c:
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
 * preserved. */
static double nomogram_power_of_two(int k) {
  uint64_t bits = (uint64_t)(1023 + k) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

static double nomogram_exp(double x) {
  static const double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
  static const double p1 = 1.66666666666666019037e-01, p2 = -2.77777777770155933842e-03;
  static const double p3 = 6.61375632143793436117e-05, p4 = -1.65339022054652515390e-06;
  static const double p5 = 4.13813679705723846039e-08;
  double hi, lo, xx, c, y;
  uint64_t bits;
  uint32_t hx;
  int k, sign;
  memcpy(&bits, &x, sizeof bits);
  hx = (uint32_t)(bits >> 32);
  sign = (int)(hx >> 31);
  hx &= 0x7fffffffu;
  if (x != x) return x;
  if (x > 709.782712893383973096) return x * nomogram_power_of_two(1023);
  if (x < -745.13321910194110842) return 0.0;
  if (hx > 0x3fd62e42u) {
    if (hx >= 0x3ff0a2b2u) k = (int)(1.44269504088896338700e+00 * x + (sign ? -0.5 : 0.5));
    else k = 1 - sign - sign;
    hi = x - k * ln2_hi;
    lo = k * ln2_lo;
    x = hi - lo;
  } else if (hx > 0x3e300000u) {
    k = 0;
    hi = x;
    lo = 0.0;
  } else {
    return 1.0 + x;
  }
  xx = x * x;
  c = x - xx * (p1 + xx * (p2 + xx * (p3 + xx * (p4 + xx * p5))));
  y = 1.0 + (x * c / (2.0 - c) - lo + hi);
  if (k > 1023) return y * nomogram_power_of_two(1023) * nomogram_power_of_two(k - 1023);
  if (k < -1022) return y * nomogram_power_of_two(k + 1000) * nomogram_power_of_two(-1000);
  return y * nomogram_power_of_two(k);
}
