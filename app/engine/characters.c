/* Texts, values and names, character by character, as far as they are plain (XML 1.0 section 2.2). */
#include "reader.h"

enum { ORDINARY, SPACE, QUOTE, LESS, GREATER, AMPERSAND, MULTIBYTE, FORBIDDEN };
static unsigned char kinds[256], in_names[256];

void prepare_reader(void)
{
    memset(kinds, FORBIDDEN, 0x20);
    memset(kinds + 0x80, MULTIBYTE, 0x80);
    kinds['\t'] = kinds['\n'] = SPACE;
    kinds['"'] = QUOTE;
    kinds['<'] = LESS;
    kinds['>'] = GREATER;
    kinds['&'] = AMPERSAND;
    for (int octet = 0; octet < 0x80; octet++)
        in_names[octet] = Py_ISALNUM(octet) || octet == '_' || octet == '.' || octet == '-';
}

static inline int kind_of(unsigned char octet) { return kinds[octet]; }

static inline int is_first_of_name(unsigned char octet)
{
    return Py_ISALPHA(octet) || octet == '_';
}

static inline int is_name(unsigned char octet) { return in_names[octet]; }

/* The length of a UTF-8 sequence that XML 1.0 section 2.2 allows; 0 for every other. The octet
 * behind the document is 0, which continues no sequence. */
static uint32_t sequence_at(const unsigned char *at)
{
    unsigned char one = at[0], two = at[1];
    if (one < 0xC2) return 0;
    if ((two & 0xC0) != 0x80) return 0;
    if (one < 0xE0) return 2;
    if ((at[2] & 0xC0) != 0x80) return 0;
    if (one < 0xF0) {
        int overlong = one == 0xE0 && two < 0xA0, surrogate = one == 0xED && two > 0x9F;
        int no_character = one == 0xEF && two == 0xBF && at[2] > 0xBD;
        return overlong || surrogate || no_character ? 0 : 3;
    }
    if ((at[3] & 0xC0) != 0x80 || one > 0xF4) return 0;
    return (one == 0xF0 && two < 0x90) || (one == 0xF4 && two > 0x8F) ? 0 : 4;
}

/* The length of a known reference, and the character that it stands for; 0 for every other. */
uint32_t reference_at(const char *at, uint32_t size, char *octet)
{
    static const struct { const char *written; char octet; } known[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''},
        {"&#13;", '\r'}, {"&#xD;", '\r'}, {"&#xd;", '\r'}, {"&#10;", '\n'}, {"&#xA;", '\n'},
        {"&#xa;", '\n'}, {"&#9;", '\t'}, {"&#x9;", '\t'},
    };
    for (size_t each = 0; each < Py_ARRAY_LENGTH(known); each++) {
        size_t length = strlen(known[each].written);
        if (length > size || memcmp(at, known[each].written, length)) continue;
        *octet = known[each].octet;
        return (uint32_t)length;
    }
    return 0;
}

/* Eight octets of which none needs a look: no control, no "<", ">" or "&", nothing beyond ASCII. */
static inline int all_ordinary(const char *at)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t octets;
    memcpy(&octets, at, 8);
    uint64_t brackets = (octets | 2 * ones) ^ 0x3E * ones; /* zero where "<" or ">" stands */
    uint64_t ampersands = octets ^ 0x26 * ones;
    uint64_t found = octets | (octets - 0x20 * ones) | (brackets - ones) | (ampersands - ones);
    return !(found & high); /* a borrow can only find too much */
}

/* The length of the character at a place, and whether it is a reference; 0 where it is not plain. */
static uint32_t character_at(const Reader *reader, uint32_t place, int *referred)
{
    char octet;
    switch (kind_of(reader->at[place])) {
    case FORBIDDEN: return 0; /* the end of the document too */
    case MULTIBYTE: return sequence_at((const unsigned char *)reader->at + place);
    case AMPERSAND:
        *referred = 1;
        return reference_at(reader->at + place, reader->size - place, &octet);
    default: return 1;
    }
}

/* Read text up to the next "<"; 0 where it is not plain. */
int read_text(Reader *reader, Entry *around)
{
    const char *at = reader->at;
    uint32_t place = reader->place, begin = place, length;
    int referred = 0;
    for (;; place += length) {
        while (place + 8 <= reader->size && all_ordinary(at + place)) place += 8;
        /* Where one needs a look, the next ones often do too. */
        for (uint32_t near = place + 16; place < near && kind_of(at[place]) <= QUOTE;) place++;
        if (at[place] == '<') break;
        if (!(length = character_at(reader, place, &referred))) return 0;
        if (at[place] != '>') continue;
        if (place - begin >= 2 && at[place - 1] == ']' && at[place - 2] == ']') return 0;
        around->escaped = 1;
    }
    reader->place = place;
    if (place - begin > reader->max_text) return 0;
    while (begin < place && is_space(at[begin])) begin++;
    if (begin < place) around->said = 1;
    if (referred) around->referred = around->said = around->escaped = 1;
    return 1;
}

/* Read `="value"` behind a name; 0 where it is not plain. */
int read_value(Reader *reader, Range *value, int *referred)
{
    const char *at = reader->at;
    uint32_t place = reader->place, length;
    if (at[place] != '=' || at[place + 1] != '"') return 0;
    value->begin = place += 2;
    for (; at[place] != '"'; place += length) {
        int kind = kind_of(at[place]);
        if (kind == LESS || kind == SPACE) return 0;
        if (!(length = character_at(reader, place, referred))) return 0;
    }
    value->end = place;
    reader->place = place + 1;
    return 1;
}

/* Read a name without colon; 0 where none stands. */
int read_name(Reader *reader, Range *name)
{
    name->begin = reader->place;
    if (!is_first_of_name(reader->at[reader->place])) return 0;
    while (is_name(reader->at[reader->place])) reader->place++;
    name->end = reader->place;
    return 1;
}
