#include "base/money.h"

/* Codes whose minor unit is not a hundredth (ISO 4217, table A.1). */
static const struct {
	char code[4];
	int digits;
} currency_odd[] = {
    {"BHD", 3}, {"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3}, {"ISK", 0}, {"JOD", 3},
    {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"PYG", 0}, {"RWF", 0},
    {"TND", 3}, {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
};

static const char currency_hundredths[] =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ";

enum code
currency_parse(struct scope *sc, const char *text, struct currency *out)
{
	if (strlen(text) != 3)
		return fail_as(sc, E_INVALID, "bad-currency", "not a currency code like EUR");
	bool known = false;
	for (size_t i = 0; i < COUNT_OF(currency_odd); i++)
		known = known || strcmp(currency_odd[i].code, text) == 0;
	char padded[5] = {text[0], text[1], text[2], ' ', '\0'};
	known = known || (strchr(text, ' ') == NULL && strstr(currency_hundredths, padded) != NULL);
	if (!known)
		return fail_as(sc, E_INVALID, "bad-currency", "\"%s\" is not a current ISO 4217 code", text);
	memcpy(out->code, text, sizeof out->code);
	return OK;
}

int
currency_digits(struct currency c)
{
	for (size_t i = 0; i < COUNT_OF(currency_odd); i++)
		if (strcmp(currency_odd[i].code, c.code) == 0)
			return currency_odd[i].digits;
	return 2;
}

enum code
money_add(struct scope *sc, struct money a, struct money b, struct money *out)
{
	int64_t sum;
	if (__builtin_add_overflow(a.minor, b.minor, &sum))
		return fail(sc, E_INVALID, "a sum of money overflows");
	out->minor = sum;
	return OK;
}

enum code
money_scale(struct scope *sc, struct money a, int64_t num, int64_t den, struct money *out)
{
	__extension__ typedef __int128 wide;
	if (den <= 0)
		return fail(sc, E_INVALID, "money cannot be divided by %" PRId64, den);
	wide product = (wide)a.minor * num;
	wide half = den / 2;
	wide q = product >= 0 ? (product + half) / den : -((-product + half) / den);
	if (q > INT64_MAX || q < INT64_MIN)
		return fail(sc, E_INVALID, "an amount of money overflows");
	out->minor = (int64_t)q;
	return OK;
}

char *
money_format(struct scope *sc, struct money m, struct currency c)
{
	int digits = currency_digits(c);
	uint64_t unit = 1;
	for (int i = 0; i < digits; i++)
		unit *= 10;
	uint64_t abs = m.minor < 0 ? -(uint64_t)m.minor : (uint64_t)m.minor;
	const char *sign = m.minor < 0 ? "-" : "";
	if (digits == 0)
		return scope_printf(sc, "%s%" PRIu64 " %s", sign, abs, c.code);
	return scope_printf(sc, "%s%" PRIu64 ".%0*" PRIu64 " %s", sign, abs / unit, digits, abs % unit, c.code);
}
