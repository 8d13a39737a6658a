#include "face/rate.h"

#include <math.h>

/* Regularised incomplete beta by its continued fraction (Lentz); for the bounds below. */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
	double h = d;
	for (int m = 1; m < 400; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
		h *= d * c;
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
		h *= d * c;
		if (fabs(d * c - 1) < 1e-12)
			break;
	}
	return h;
}

static double
beta_cdf(double a, double b, double x)
{
	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double
beta_quantile(double a, double b, double p)
{
	double low = 0;
	double high = 1;
	for (int i = 0; i < 100; i++) {
		double mid = (low + high) / 2;
		if (beta_cdf(a, b, mid) < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

double
rate_low(struct rate r)
{
	return r.k == 0 ? 0 : beta_quantile((double)r.k, (double)(r.n - r.k + 1), 0.025);
}

double
rate_high(struct rate r)
{
	return r.k >= r.n ? 1 : beta_quantile((double)(r.k + 1), (double)(r.n - r.k), 0.975);
}

double
rate_tidy(double v)
{
	char text[32];
	snprintf(text, sizeof text, "%.4g", v);
	return strtod(text, NULL);
}

json_t *
rate_json(struct rate r)
{
	if (r.n == 0)
		return json_null();
	return json_pack("{s:f,s:[f,f],s:I,s:I}", "rate", rate_tidy((double)r.k / (double)r.n), "bounds95",
			 rate_tidy(rate_low(r)), rate_tidy(rate_high(r)), "errors", (json_int_t)r.k, "of",
			 (json_int_t)r.n);
}
