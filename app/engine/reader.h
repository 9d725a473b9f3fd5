/* What reads a document, and what it knows of characters. */
#include "engine.h"

typedef struct {
    Table *table;
    const char *at;
    uint32_t size, place;
    uint32_t depth, open[MAX_DEPTH], last[MAX_DEPTH + 1];
    uint32_t in_scope, scope[MAX_NAMESPACES]; /* declarations of the elements that are open */
    uint32_t prefixes;
    Range prefix[MAX_NAMESPACES]; /* different ones that were declared */
    uint32_t max_depth, max_elements, max_attributes, max_declarations, max_prefixes, max_text;
} Reader;

int read_text(Reader *reader, Entry *around);
int read_value(Reader *reader, Range *value, int *referred);
int read_name(Reader *reader, Range *name);
