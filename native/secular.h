// The secular equation 1 + ρ Σ z_j² / (p_j - λ) = 0, whose roots are the eigenvalues of a diagonal matrix plus one of rank one: what both
// divide and conquer algorithms solve to join two halves (Gu and Eisenstat). Poles p ascend; `gap(j, i)` gives p_j - p_i without cancellation.
#pragma once
#include "linalg.h"

namespace tt { namespace TT_ISA {

struct SecularRoot { int64_t origin; double distance; };  // λ = p_origin + distance

template <class Gap> class Secular {
 public:
  Secular(int64_t k, double rho, const double* z, const Gap& gap) : k(k), rho(rho), z(z), gap(gap) {}

  // Root i lies beyond pole i. Row i of `delta` becomes p_j - λ_i, accurate even where the two nearly agree.
  void solve(SecularRoot* roots, double* delta) const {
    parallel_for(k, max_of(1, 8192 / k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) roots[i] = root(i, delta + i * k);
    });
  }

  // The z for which the computed roots are exact, so that the vectors are orthogonal.
  void reweigh(const double* delta, double* weights) const {
    parallel_for(k, max_of(1, 16384 / k), [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; j++) weights[j] = delta[j * k + j];
      for (int64_t i = 0; i < k; i++) {
        const double* row = delta + i * k;
        for (int64_t j = begin; j < min_of(end, i); j++) weights[j] *= row[j] / gap(j, i);
        for (int64_t j = max_of(begin, i + 1); j < end; j++) weights[j] *= row[j] / gap(j, i);
      }
      for (int64_t j = begin; j < end; j++) weights[j] = std::copysign(std::sqrt(std::fabs(weights[j] / rho)), z[j]);
    });
  }

 private:
  const int64_t k;
  const double rho;
  const double* z;
  const Gap& gap;

  // ψ and φ (the sums up to and beyond pole i) and their derivatives.
  struct Sums { double psi, dpsi, phi, dphi; };
  void sum_poles(const double* delta, double x, int64_t from, int64_t to, double& value, double& slope) const {
    using S = Simd<double>;
    typename S::V a = {}, b = {};
    int64_t j = from;
    for (; j + S::width <= to; j += S::width) {
      const typename S::V zj = S::load(z + j), t = zj / (S::load(delta + j) - x);
      a += zj * t;
      b += t * t;
    }
    value = sum_lanes<double>(a);
    slope = sum_lanes<double>(b);
    for (; j < to; j++) { const double t = z[j] / (delta[j] - x); value += z[j] * t; slope += t * t; }
  }
  Sums evaluate(int64_t i, const double* delta, double x) const {
    Sums s;
    sum_poles(delta, x, 0, i + 1, s.psi, s.dpsi);
    sum_poles(delta, x, i + 1, k, s.phi, s.dphi);
    return {rho * s.psi, rho * s.dpsi, rho * s.phi, rho * s.dphi};
  }

  SecularRoot root(int64_t i, double* delta) const {
    const bool last = i == k - 1;
    double width;
    if (last) {
      double norm = 0;
      for (int64_t j = 0; j < k; j++) norm += z[j] * z[j];
      width = rho * norm;
    } else width = gap(i + 1, i);
    // The nearer pole becomes the origin.
    int64_t origin = i;
    for (int64_t j = 0; j < k; j++) delta[j] = gap(j, i);
    double low = 0, high = width, x = width / 2;
    Sums s = evaluate(i, delta, x);
    if (!last && 1 + s.psi + s.phi < 0) {
      origin = i + 1;
      for (int64_t j = 0; j < k; j++) delta[j] = gap(j, i + 1);
      low = -width / 2; high = 0; x = low;
    } else if (!last) high = width / 2;
    if (last && 1 + s.psi < 0) low = x;
    for (int iteration = 0; iteration < 100; iteration++) {
      const double f = 1 + s.psi + s.phi;
      if (std::fabs(f) <= 2.3e-16 * (1 + std::fabs(s.psi) + std::fabs(s.phi))) break;
      if (f < 0) low = x; else high = x;
      const double next = x + step(i, last, s, delta, x);
      const double before = x;
      x = next > low && next < high ? next : low + (high - low) / 2;
      if (x == before || high - low <= 2.3e-16 * std::fmax(std::fabs(low), std::fabs(high))) break;
      s = evaluate(i, delta, x);
    }
    for (int64_t j = 0; j < k; j++) delta[j] -= x;
    if (x == 0) delta[origin] = 1e-300 * (origin == i ? -1 : 1);
    return {origin, x};
  }

  // To the root of c + s / (δ_i - y) + S / (δ_{i+1} - y), which agrees with ψ and φ and their derivatives at x.
  static double step(int64_t i, bool last, const Sums& f, const double* delta, double x) {
    const double d1 = delta[i] - x, s1 = d1 * d1 * f.dpsi;
    if (last) return d1 + s1 / (1 + f.psi - d1 * f.dpsi);
    const double d2 = delta[i + 1] - x, s2 = d2 * d2 * f.dphi, c = 1 + f.psi - d1 * f.dpsi + f.phi - d2 * f.dphi;
    const double a = c * (d1 + d2) + s1 + s2, b = d1 * d2 * (1 + f.psi + f.phi), root = std::sqrt(std::fmax(0.0, a * a - 4 * b * c));
    return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
  }
};

}}  // namespace tt::TT_ISA
