// Special functions of doubles (special.h), compiled once.
#include "special.h"
#include <limits>

namespace tt {
namespace {

constexpr double PI = 3.14159265358979323846;
constexpr double INF = std::numeric_limits<double>::infinity();
constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();
constexpr double EPSILON = 1.1102230246251565e-16;

// Bernoulli numbers B2, B4, …
constexpr double BERNOULLI[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798,
                                -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730};

// log gamma for x >= 10 by Stirling's series, without its leading terms.
double stirling_tail(double x) {
  double sum = 0, power = x;
  for (int k = 0; k < 8; k++) {
    sum += BERNOULLI[k] / ((2.0 * k + 2) * (2.0 * k + 1) * power);
    power *= x * x;
  }
  return sum;
}

}  // namespace

// Winitzki's first guess, then Halley's steps.
double erfinv(double x) {
  double a = std::fabs(x);
  if (!(a <= 1)) return NOT_A_NUMBER;
  if (a == 1) return x * INF;
  if (a < 1e-9) return x * 0.88622692545275801365;
  double log_term = std::log1p(-x * x), t = 2 / (PI * 0.147) + log_term / 2;
  double y = std::copysign(std::sqrt(std::sqrt(t * t - log_term / 0.147) - t), x);
  for (int step = 0; step < 4; step++) {
    double error = a > 0.5 ? (x < 0 ? -1 : 1) * ((1 - a) - std::erfc(std::fabs(y))) : std::erf(y) - x;
    double u = error / (1.12837916709551257390 * std::exp(-y * y));
    y -= u / (1 + y * u);
  }
  return y;
}

// libm's lgamma writes the global signgam, which is a race between threads.
double log_gamma(double x) {
#if defined(__GLIBC__) || defined(__APPLE__)
  int sign;
  return lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

double digamma(double x) {
  if (x == 0) return std::copysign(INF, -x);
  if (x == -INF) return NOT_A_NUMBER;
  if (x < 0) {
    double whole, fraction = std::modf(x, &whole);
    if (fraction == 0) return NOT_A_NUMBER;
    return digamma(1 - x) - PI / std::tan(PI * fraction);
  }
  double sum = 0;
  for (; x < 10; x++) sum -= 1 / x;
  if (x == INF) return INF;
  double series = 0, square = 1 / (x * x), power = square;
  for (int k = 0; k < 8; k++, power *= square) series += BERNOULLI[k] / (2.0 * k + 2) * power;
  return sum + std::log(x) - 0.5 / x - series;
}

namespace {

// x^a e^-x / gamma(a), without overflow or cancellation for big a.
double gamma_density(double a, double x) {
  if (a < 10) return std::exp(a * std::log(x) - x - log_gamma(a));
  double ratio = (x - a) / a;
  double exponent = a * (std::log1p(ratio) - ratio) - stirling_tail(a);
  if (std::fabs(ratio) > 0.5) exponent = a * std::log(x / a) - (x - a) - stirling_tail(a);
  return std::sqrt(a / (2 * PI)) * std::exp(exponent);
}

// DLMF 8.11.4.
double lower_series(double a, double x) {
  double term = 1, sum = 1;
  for (int n = 1; n < 100000 && term > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * (gamma_density(a, x) / a);
}

// DLMF 8.9.2, by Lentz's method.
double upper_fraction(double a, double x) {
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int n = 1; n < 100000; n++) {
    double numerator = -n * (n - a);
    b += 2;
    d = numerator * d + b;
    if (std::fabs(d) < 1e-300) d = 1e-300;
    c = b + numerator / c;
    if (std::fabs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    double change = d * c;
    h *= change;
    if (std::fabs(change - 1) < EPSILON) break;
  }
  return h * gamma_density(a, x);
}

// Q(a, x) for small a and x, where 1 - P cancels, as in Cephes' igamc_series.
double upper_series(double a, double x) {
  double factor = 1, sum = 0;
  for (int n = 1; n < 200; n++) {
    factor *= -x / n;
    sum += factor / (a + n);
    if (std::fabs(factor) < EPSILON * std::fabs(sum)) break;
  }
  double log_x = std::log(x);
  double series = a * (a * (a * (a * 0.27058080842778454 - 0.40068563438653143) + 0.82246703342411321) - 0.57721566490153286);
  double log_gamma_1p = a < 1e-3 ? series : log_gamma(1 + a);
  return -std::expm1(a * log_x - log_gamma_1p) - std::exp(a * log_x - log_gamma_1p) * a * sum;
}

// Q(a, x) for a that are too large for series: Temme's uniform expansion, DLMF 8.12.4, to first order.
double upper_asymptotic(double a, double x) {
  double ratio = (x - a) / a;
  bool near = std::fabs(ratio) < 1e-4;
  double eta = near ? ratio * (1 - ratio / 3) : std::copysign(std::sqrt(2 * (ratio - std::log1p(ratio))), ratio);
  double c0 = near ? eta / 12 - 1.0 / 3 : 1 / ratio - 1 / eta;
  return 0.5 * std::erfc(eta * std::sqrt(a / 2)) + std::exp(-0.5 * a * eta * eta) / std::sqrt(2 * PI * a) * c0;
}
constexpr double LARGE_ORDER = 1e8;

}  // namespace

double igamma(double a, double x) {
  if (a < 0 || x < 0) return NOT_A_NUMBER;
  if (a == 0) return x > 0 ? 1 : NOT_A_NUMBER;
  if (x == 0) return 0;
  if (a == INF) return x == INF ? NOT_A_NUMBER : 0;
  if (x == INF) return 1;
  if (std::isnan(a) || std::isnan(x)) return NOT_A_NUMBER;
  if (a > LARGE_ORDER) return 1 - upper_asymptotic(a, x);
  return x < a + 1 ? lower_series(a, x) : 1 - upper_fraction(a, x);
}

double igammac(double a, double x) {
  if (a < 0 || x < 0) return NOT_A_NUMBER;
  if (a == 0) return x > 0 ? 0 : NOT_A_NUMBER;
  if (x == 0) return 1;
  if (a == INF) return x == INF ? NOT_A_NUMBER : 1;
  if (x == INF) return 0;
  if (std::isnan(a) || std::isnan(x)) return NOT_A_NUMBER;
  if (a < 1 && x < 1.1) return upper_series(a, x);
  if (a > LARGE_ORDER) return upper_asymptotic(a, x);
  return x < a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

// Euler-Maclaurin summation from the tenth term, as in Cephes.
double zeta(double s, double q) {
  if (s == 1) return INF;
  if (!(s > 1)) return NOT_A_NUMBER;
  if (q < -1e6) return NOT_A_NUMBER;
  if (q <= 0) {
    if (q == std::floor(q)) return INF;
    if (s != std::floor(s)) return NOT_A_NUMBER;
  }
  double sum = std::pow(q, -s), a = q, term = 0;
  for (int i = 0; i < 9 || a <= 9; i++) {
    a += 1;
    term = std::pow(a, -s);
    sum += term;
    if (std::fabs(term) < std::fabs(sum) * EPSILON) return sum;
  }
  sum += term * a / (s - 1) - 0.5 * term;
  double factor = s, power = term / a, factorial = 2;
  for (int k = 0; k < 12; k++) {
    double t = BERNOULLI[k] / factorial * factor * power;
    sum += t;
    if (std::fabs(t) < std::fabs(sum) * EPSILON) break;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    factorial *= (2.0 * k + 3) * (2 * k + 4);
    power /= a * a;
  }
  return sum;
}

}  // namespace tt
