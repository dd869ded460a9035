// Special functions of doubles. Formulas: Abramowitz & Stegun; NIST Digital Library of Mathematical Functions (dlmf.nist.gov).
#pragma once
#include <cmath>

namespace tt {

double erfinv(double x);
double log_gamma(double x);            // log |gamma(x)|
double digamma(double x);
double igamma(double a, double x);     // the regularised lower incomplete gamma function P(a, x)
double igammac(double a, double x);    // 1 - P(a, x)
double zeta(double s, double q);       // the Hurwitz zeta function

}  // namespace tt
