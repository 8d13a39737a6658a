#include "road/geocode_words.h"

#include <utf8proc.h>

#include "base/text.h"

/* --- folding ----------------------------------------------------------------- */

/* Letters that Unicode does not take apart, as UTF-8 after case folding. */
static const struct {
	const char *letter, *plain;
} whole_letters[] = {
    {"ø", "o"}, {"đ", "d"}, {"ð", "d"}, {"ł", "l"}, {"ħ", "h"}, {"ı", "i"}, {"æ", "ae"}, {"œ", "oe"}, {"þ", "th"},
};

static size_t
put_letter(const char *p, size_t n, char *out)
{
	for (size_t i = 0; i < COUNT_OF(whole_letters); i++) {
		if (strlen(whole_letters[i].letter) == n && memcmp(whole_letters[i].letter, p, n) == 0) {
			size_t plain = strlen(whole_letters[i].plain);
			memcpy(out, whole_letters[i].plain, plain);
			return plain;
		}
	}
	memcpy(out, p, n);
	return n;
}

static size_t
letter_bytes(const char *p)
{
	uint8_t c = (uint8_t)*p;
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool
is_mark(const char *p, const char *mark)
{
	return strncmp(p, mark, strlen(mark)) == 0;
}

static bool
is_apostrophe(const char *p)
{
	return *p == '\'' || is_mark(p, "’") || is_mark(p, "ʼ") || is_mark(p, "´") || *p == '`';
}

static bool
is_word_letter(const char *p)
{
	if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
		return true;
	if ((uint8_t)*p < 0x80)
		return false;
	utf8proc_int32_t c;
	if (utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &c) < 0)
		return false;
	utf8proc_category_t kind = utf8proc_category(c);
	return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO) || kind == UTF8PROC_CATEGORY_ND;
}

/* Reads the word that begins at p; what lies behind it. */
static const char *
read_word(const char *p, struct geo_words *out)
{
	struct geo_word w = {.digits = *p >= '0' && *p <= '9'};
	while (*p != '\0' && (is_word_letter(p) || is_apostrophe(p))) {
		size_t n = letter_bytes(p);
		if (!is_apostrophe(p)) {
			if (w.n + n + 1 >= GEO_WORD_BYTES)
				out->cut = true;
			else
				w.n = (uint8_t)(w.n + put_letter(p, n, w.s + w.n));
		}
		p += n;
	}
	w.dot = *p == '.';
	if (w.n > 0 && out->n < GEO_WORDS_MAX)
		out->w[out->n++] = w;
	else if (w.n > 0)
		out->cut = true;
	return p;
}

static void
split_folded(const char *p, struct geo_words *out)
{
	bool hyphen = false;
	while (*p != '\0') {
		if (is_word_letter(p)) {
			size_t before = out->n;
			p = read_word(p, out);
			if (out->n > before)
				out->w[before].hyphen = hyphen && before > 0;
			hyphen = *p == '-' || *p == '/' || is_mark(p, "–");
			continue;
		}
		hyphen = hyphen && (*p == '-' || *p == '/' || (uint8_t)*p >= 0x80);
		p += letter_bytes(p);
	}
}

void
geo_words(const char *text, struct geo_words *out)
{
	out->n = 0;
	out->cut = false;
	utf8proc_uint8_t *folded = NULL;
	const utf8proc_option_t how = UTF8PROC_NULLTERM | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
				      UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;
	if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded, how) < 0)
		return;
	split_folded((const char *)folded, out);
	free(folded);
}

/* --- what words stand for ------------------------------------------------------ */

/* Street types and titles as people shorten them. The first row of a short form is the one
 * that names are written out with. */
static const struct {
	const char *brief, *whole;
} brief_words[] = {
    /* Portuguese, Spanish */
    {"r", "rua"},
    {"av", "avenida"},
    {"avda", "avenida"},
    {"tv", "travessa"},
    {"trav", "travessa"},
    {"lg", "largo"},
    {"lgo", "largo"},
    {"pc", "praca"},
    {"pca", "praca"},
    {"pta", "praceta"},
    {"pct", "praceta"},
    {"est", "estrada"},
    {"estr", "estrada"},
    {"al", "alameda"},
    {"bc", "beco"},
    {"calc", "calcada"},
    {"urb", "urbanizacao"},
    {"rot", "rotunda"},
    {"qta", "quinta"},
    {"c", "calle"},
    {"s", "sao"},
    {"sto", "santo"},
    {"sta", "santa"},
    {"dr", "doutor"},
    {"dra", "doutora"},
    {"eng", "engenheiro"},
    {"prof", "professor"},
    {"gen", "general"},
    {"cel", "coronel"},
    {"cap", "capitao"},
    {"com", "comendador"},
    {"cons", "conselheiro"},
    {"d", "dom"},
    {"d", "dona"},
    {"pe", "padre"},
    {"sra", "senhora"},
    {"n", "nossa"},
    {"mal", "marechal"},
    {"alm", "almirante"},
    /* French, Maltese */
    {"r", "rue"},
    {"av", "avenue"},
    {"ave", "avenue"},
    {"bd", "boulevard"},
    {"blvd", "boulevard"},
    {"ch", "chemin"},
    {"che", "chemin"},
    {"rte", "route"},
    {"pl", "place"},
    {"imp", "impasse"},
    {"all", "allee"},
    {"fg", "faubourg"},
    {"sq", "square"},
    {"trq", "triq"},
    {"pjz", "pjazza"},
    /* English */
    {"st", "street"},
    {"st", "saint"},
    {"st", "sankt"},
    {"rd", "road"},
    {"dr", "drive"},
    {"ln", "lane"},
    {"ct", "court"},
    {"pkwy", "parkway"},
    {"hwy", "highway"},
    {"ter", "terrace"},
    {"n", "north"},
    {"s", "south"},
    {"e", "east"},
    {"w", "west"},
    {"mt", "mount"},
    /* German, Dutch, Scandinavian */
    {"str", "strasse"},
    {"str", "straat"},
    {"pl", "platz"},
    {"pl", "plats"},
    {"n", "norra"},
    {"s", "sodra"},
    {"o", "ostra"},
    {"v", "vastra"},
    {"g", "gata"},
    {"gt", "gata"},
    {"gml", "gamle"},
    {"ndr", "nedre"},
    {"dr", "doktor"},
    {"k", "kungliga"},
};

/* Ends of compound names. `dot`: only where a full stop shows that something is missing. */
static const struct {
	const char *brief, *whole;
	bool dot;
} brief_ends[] = {
    {"str", "strasse", false}, {"strasse", "str", false}, {"str", "straat", false}, {"g", "gatan", true},
    {"gt", "gate", true},      {"v", "vagen", true},	  {"v", "vej", true},	    {"pl", "platz", true},
    {"pl", "platsen", true},   {"w", "weg", true},
};

static size_t
also_add(char also[GEO_ALSO_MAX][GEO_WORD_BYTES], size_t n, const char *head, size_t n_head, const char *tail)
{
	size_t n_tail = strlen(tail);
	if (n == GEO_ALSO_MAX || n_head + n_tail >= GEO_WORD_BYTES)
		return n;
	memcpy(also[n], head, n_head);
	memcpy(also[n] + n_head, tail, n_tail + 1);
	return n + 1;
}

size_t
geo_word_also(const struct geo_word *w, char also[GEO_ALSO_MAX][GEO_WORD_BYTES])
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(brief_words); i++) {
		if (strcmp(brief_words[i].brief, w->s) == 0)
			n = also_add(also, n, "", 0, brief_words[i].whole);
		else if (strcmp(brief_words[i].whole, w->s) == 0)
			n = also_add(also, n, "", 0, brief_words[i].brief);
	}
	for (size_t i = 0; i < COUNT_OF(brief_ends); i++) {
		size_t end = strlen(brief_ends[i].brief);
		if (w->n > end + 2 && (w->dot || !brief_ends[i].dot) &&
		    strcmp(w->s + w->n - end, brief_ends[i].brief) == 0)
			n = also_add(also, n, w->s, w->n - end, brief_ends[i].whole);
	}
	return n;
}

/* The first thing an abbreviation stands for; the word itself where it is none. */
static const char *
written_out(const struct geo_word *w)
{
	for (size_t i = 0; i < COUNT_OF(brief_words); i++)
		if (strcmp(brief_words[i].brief, w->s) == 0)
			return brief_words[i].whole;
	return w->s;
}

bool
geo_is_link(const char *word)
{
	static const char *const links[] = {"de",  "da",  "do",	   "das", "dos", "e",	"di",  "du",
					    "des", "del", "della", "la",  "le",	 "les", "el",  "los",
					    "las", "van", "von",   "der", "den", "dem", "the", "of",
					    "il",  "l",	  "d",	   "a",	  "o",	 "os",	"as",  "och"};
	for (size_t i = 0; i < COUNT_OF(links); i++)
		if (strcmp(links[i], word) == 0)
			return true;
	return false;
}

char *
geo_folded(struct scope *sc, const char *name)
{
	struct geo_words words;
	struct text t;
	geo_words(name, &words);
	text_init(&t, sc);
	for (size_t i = 0; i < words.n; i++)
		text_printf(&t, "%s%s", i == 0 ? "" : " ", words.w[i].s);
	return t.s;
}

char *
geo_name_key(struct scope *sc, const char *name)
{
	struct geo_words words;
	struct text t;
	geo_words(name, &words);
	text_init(&t, sc);
	for (size_t i = 0; i < words.n; i++) {
		/* only the type, which stands first: elsewhere one letter may be anybody's */
		const char *word = i == 0 && words.n > 1 ? written_out(&words.w[i]) : words.w[i].s;
		if (i == 0 || i + 1 == words.n || !geo_is_link(word))
			text_printf(&t, "%s%s", i == 0 ? "" : " ", word);
		if (words.w[i].n > 5 && text_ends(word, "str"))
			text_add(&t, "asse");
	}
	return t.s;
}

bool
geo_is_noise(const char *word)
{
	static const char *const words[] = {
	    "no",	 "nr",	      "num",	     "numero",	"nummer",     "andar",	     "esq",	"dto",
	    "drt",	 "dir",	      "frente",	     "fte",	"rc",	      "apt",	     "apart",	"apto",
	    "apartment", "app",	      "flat",	     "floor",	"unit",	      "suite",	     "ste",	"lgh",
	    "vaning",	 "tr",	      "etage",	     "stock",	"whg",	      "top",	     "stiege",	"hus",
	    "uppgang",	 "portugal",  "sverige",     "sweden",	"germany",    "deutschland", "malta",	"france",
	    "espana",	 "spain",     "usa",	     "austria", "osterreich", "switzerland", "schweiz", "liechtenstein",
	    "monaco",	 "norge",     "norway",	     "danmark", "denmark",    "suomi",	     "finland", "italia",
	    "italy",	 "nederland", "netherlands", "belgium", "pt",	      "se",	     "de",	"mt",
	    "li"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* --- numbers ------------------------------------------------------------------- */

static const char *
read_digits(const char *p, uint32_t *out)
{
	uint32_t v = 0;
	const char *start = p;
	while (*p >= '0' && *p <= '9' && p - start < 6)
		v = v * 10 + (uint32_t)(*p++ - '0');
	if (p == start || (*p >= '0' && *p <= '9'))
		return NULL;
	*out = v;
	return p;
}

bool
geo_number_parse(const char *text, struct geo_number *out)
{
	struct geo_words words;
	struct geo_number n = {0};
	geo_words(text, &words);
	if (words.n == 0 || words.n > 3)
		return false;
	const char *rest = read_digits(words.w[0].s, &n.first);
	if (rest == NULL || strlen(rest) > 2)
		return false;
	n.last = n.first;
	size_t at = strlen(rest);
	memcpy(n.suffix, rest, at + 1);
	for (size_t i = 1; i < words.n; i++) {
		uint32_t to;
		const struct geo_word *w = &words.w[i];
		if (w->digits && w->hyphen && i == 1 && read_digits(w->s, &to) != NULL && to > n.first &&
		    to - n.first <= 100)
			n.last = to;
		else if (!w->digits && w->n <= 2 && at == 0 && n.last == n.first)
			memcpy(n.suffix, w->s, w->n + 1u);
		else
			return false;
	}
	*out = n;
	return true;
}

/* --- edits --------------------------------------------------------------------- */

/* Optimal string alignment, three rows. Words are short. */
unsigned
geo_edits(const char *a, size_t n_a, const char *b, size_t n_b, unsigned max)
{
	unsigned row[3][GEO_WORD_BYTES + 1];
	if (n_a > GEO_WORD_BYTES || n_b > GEO_WORD_BYTES || (n_a > n_b ? n_a - n_b : n_b - n_a) > max)
		return max + 1;
	for (size_t j = 0; j <= n_b; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned *now = row[i % 3];
		const unsigned *before = row[(i + 2) % 3];
		const unsigned *older = row[(i + 1) % 3];
		unsigned least = now[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned best = before[j - 1] + (a[i - 1] != b[j - 1]);
			best = before[j] + 1 < best ? before[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
			least = best < least ? best : least;
		}
		if (least > max)
			return max + 1;
	}
	unsigned edits = row[n_a % 3][n_b];
	return edits > max ? max + 1 : edits;
}
