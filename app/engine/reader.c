/* From octets to a table of elements, for documents that are plain.
 *
 * XML 1.0 (fifth edition) and Namespaces in XML 1.0, of which this takes less than is allowed and
 * nothing that is not: no comment, instruction, CDATA or DTD, no attribute in a namespace, no
 * carriage return but by reference, no reference but those of `reference_at`.
 */
#include "reader.h"

static int same_range(const char *at, Range one, Range other)
{
    uint32_t length = one.end - one.begin;
    return other.end - other.begin == length && !memcmp(at + one.begin, at + other.begin, length);
}

/* The place of a namespace among those that the caller knows, from 1; 0 for every other. */
static uint8_t known_namespace(const Table *table, Range name)
{
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(table->namespaces); place++) {
        PyObject *known = PyTuple_GET_ITEM(table->namespaces, place);
        if ((size_t)PyBytes_GET_SIZE(known) == name.end - name.begin &&
            !memcmp(PyBytes_AS_STRING(known), table->at + name.begin, name.end - name.begin))
            return (uint8_t)(place + 1);
    }
    return 0;
}

static void *one_more(void *array, uint32_t used, uint32_t *room, size_t size)
{
    if (used < *room) return array;
    uint32_t more = *room ? 2 * *room : 256;
    void *larger = PyMem_Realloc(array, more * size);
    if (!larger) PyErr_NoMemory();
    else *room = more;
    return larger;
}

static int declare(Reader *reader, Entry *entry, Range prefix, Range name)
{
    Table *table = reader->table;
    uint8_t ns = known_namespace(table, name);
    uint32_t known = 0;
    while (known < reader->prefixes && !same_range(reader->at, reader->prefix[known], prefix)) known++;
    if (known == reader->max_prefixes) return 0;
    if (known == reader->prefixes) reader->prefix[reader->prefixes++] = prefix;
    if (!ns || table->declarations == reader->max_declarations ||
        reader->in_scope == MAX_NAMESPACES || entry->declarations == MAX_ATTRIBUTES ||
        (prefix.end - prefix.begin >= 3 && !memcmp(table->at + prefix.begin, "xml", 3)))
        return 0;
    Declaration *more = one_more(table->declared, table->declarations, &table->room_declared,
                                 sizeof *more);
    if (!more) return 0;
    table->declared = more;
    if (!entry->declarations++) entry->declared = table->declarations;
    more[table->declarations] = (Declaration){.prefix = prefix, .ns = ns};
    reader->scope[reader->in_scope++] = table->declarations++;
    return 1;
}

/* Find what a prefix, or none, stands for in scope; 0 where a prefix stands for nothing. */
static int resolve(const Reader *reader, Range prefix, uint8_t *ns)
{
    for (uint32_t place = reader->in_scope; place-- > 0;) {
        const Declaration *one = reader->table->declared + reader->scope[place];
        if (same_range(reader->at, one->prefix, prefix)) {
            *ns = one->ns;
            return 1;
        }
    }
    *ns = 0;
    return prefix.begin == prefix.end;
}

int declares(const char *name, uint32_t length)
{
    return length >= 5 && !memcmp(name, "xmlns", 5) && (length == 5 || name[5] == ':');
}

/* Read one attribute or declaration; 0 where it is not plain. */
static int read_attribute(Reader *reader, Entry *entry, Range *names, uint32_t *count)
{
    Range name, prefix, value;
    const char *at = reader->at;
    int referred = 0, declaration, later = 1;
    if (*count == reader->max_attributes || !read_name(reader, &name)) return 0;
    prefix.begin = prefix.end = reader->place;
    if ((declaration = declares(at + name.begin, name.end - name.begin)) &&
        at[reader->place] == ':') {
        reader->place++;
        if (!read_name(reader, &prefix)) return 0;
        name.end = prefix.end;
    }
    if (!read_value(reader, &value, &referred)) return 0;
    for (uint32_t place = 0; place < *count; place++)
        if (same_range(at, names[place], name)) return 0;
    if (*count) {
        Range before = names[*count - 1];
        uint32_t shorter = Py_MIN(before.end - before.begin, name.end - name.begin);
        int order = memcmp(at + before.begin, at + name.begin, shorter);
        later = order < 0 || (!order && before.end - before.begin < name.end - name.begin);
    }
    names[(*count)++] = name;
    if (declaration || referred || !later) entry->canonical = 0;
    if (!declaration) entry->attributed = 1;
    return declaration ? !referred && declare(reader, entry, prefix, value) : 1;
}

/* Read a start tag behind its "<" into the next entry; NULL where it is not plain. */
static Entry *read_start(Reader *reader)
{
    Table *table = reader->table;
    const char *at = reader->at;
    if (table->count == reader->max_elements || reader->depth == reader->max_depth) return NULL;
    Entry *entries = one_more(table->entries, table->count, &table->room, sizeof *entries);
    if (!entries) return NULL;
    table->entries = entries;
    Entry *entry = entries + table->count;
    *entry = (Entry){.name = reader->place, .canonical = 1};
    Range name, names[MAX_ATTRIBUTES];
    uint32_t count = 0;
    if (!read_name(reader, &name)) return NULL;
    entry->local = name.begin;
    if (at[reader->place] == ':') {
        entry->local = ++reader->place;
        if (!read_name(reader, &name)) return NULL;
    }
    entry->named = name.end;
    for (;;) {
        uint32_t before = reader->place;
        while (is_space(at[reader->place])) reader->place++;
        char octet = at[reader->place];
        int spaces = reader->place - before;
        if (octet == '>' || octet == '/') {
            if (spaces) entry->canonical = 0;
            break;
        }
        if (spaces != 1 || at[before] != ' ') entry->canonical = 0;
        if (!spaces || !read_attribute(reader, entry, names, &count)) return NULL;
    }
    entry->end_of_tag = reader->place;
    if (at[reader->place] == '/') {
        entry->empty = 1;
        reader->place++;
    }
    if (at[reader->place++] != '>') return NULL;
    entry->text = entry->closed = reader->place;
    Range prefix = {entry->name, entry->local == entry->name ? entry->name : entry->local - 1};
    return resolve(reader, prefix, &entry->ns) ? entry : NULL;
}

static void hang(Reader *reader, uint32_t one)
{
    Entry *entries = reader->table->entries;
    uint32_t depth = reader->depth;
    if (depth) {
        entries[one].above = reader->open[depth - 1];
        entries[entries[one].above].parent_of = 1;
        if (reader->last[depth]) entries[reader->last[depth]].next = one;
    }
    reader->last[depth] = one;
}

/* Read an end tag behind its "</"; 0 where it is not that of the open element. */
static int read_end(Reader *reader)
{
    Entry *entry = reader->table->entries + reader->open[reader->depth - 1];
    uint32_t length = entry->named - entry->name;
    if (reader->size - reader->place <= length ||
        memcmp(reader->at + reader->place, reader->at + entry->name, length) ||
        reader->at[reader->place + length] != '>')
        return 0;
    entry->closed = reader->place - 2;
    reader->place += length + 1;
    return 1;
}

static void leave(Reader *reader)
{
    reader->depth--;
    reader->last[reader->depth + 1] = 0;
    reader->in_scope -= reader->table->entries[reader->open[reader->depth]].declarations;
}

static int read_elements(Reader *reader)
{
    do {
        const char *at = reader->at;
        if (at[reader->place] != '<') return 0;
        reader->place++;
        if (at[reader->place] == '/') {
            reader->place++;
            if (!reader->depth || !read_end(reader)) return 0;
            leave(reader);
        } else {
            Entry *entry = read_start(reader);
            if (!entry) return 0;
            uint32_t one = reader->table->count++;
            hang(reader, one);
            reader->open[reader->depth++] = one;
            reader->last[reader->depth] = 0;
            if (entry->empty) leave(reader);
        }
        if (reader->depth &&
            !read_text(reader, reader->table->entries + reader->open[reader->depth - 1]))
            return 0;
    } while (reader->depth);
    return 1;
}

static void skip_space(Reader *reader)
{
    while (is_space(reader->at[reader->place])) reader->place++;
}

static int skip(Reader *reader, const char *text)
{
    size_t length = strlen(text);
    if (reader->size - reader->place < length || memcmp(reader->at + reader->place, text, length))
        return 0;
    reader->place += (uint32_t)length;
    return 1;
}

/* Pass over an XML declaration of version 1.0 in UTF-8, or none; 0 for every other. */
static int skip_declaration(Reader *reader)
{
    const char *at = reader->at;
    if (!skip(reader, "<?xml")) return 1;
    if (!skip(reader, " version=\"1.0\"") && !skip(reader, " version='1.0'")) return 0;
    if (skip(reader, " encoding=\"") || skip(reader, " encoding='")) {
        const char *name = at + reader->place, quote = name[-1];
        if (reader->size - reader->place < 6 || PyOS_mystrnicmp(name, "utf-8", 5) ||
            name[5] != quote)
            return 0;
        reader->place += 6;
    }
    if (!skip(reader, " standalone=\"no\"")) skip(reader, " standalone=\"yes\"");
    return skip(reader, "?>") || skip(reader, " ?>");
}

/* What reads like a declaration and is none is refused by the Python, which looks at octets. */
static int no_other_declares(const Reader *reader)
{
    const char *at = reader->at, *end = at + reader->size;
    uint32_t found = 0;
    while ((at = memchr(at, 'x', end - at))) {
        found += end - at >= 5 && !memcmp(at, "xmlns", 5);
        at++;
    }
    return found == reader->table->declarations;
}

/* Read a document within limits as its root element; None where it is not plain. */
PyObject *read_document(PyObject *module, PyObject *arguments)
{
    PyObject *octets, *namespaces;
    Reader reader = {0};
    if (!PyArg_ParseTuple(arguments, "SO!IIIIII", &octets, &PyTuple_Type, &namespaces,
                          &reader.max_depth, &reader.max_elements, &reader.max_attributes,
                          &reader.max_declarations, &reader.max_prefixes, &reader.max_text))
        return NULL;
    if (PyBytes_GET_SIZE(octets) > INT32_MAX || PyTuple_GET_SIZE(namespaces) > MAX_NAMESPACES)
        return PyErr_Format(PyExc_ValueError, "too long");
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(namespaces); place++)
        if (!PyBytes_CheckExact(PyTuple_GET_ITEM(namespaces, place)))
            return PyErr_Format(PyExc_TypeError, "bytes are needed");
    reader.max_depth = Py_MIN(reader.max_depth, MAX_DEPTH);
    reader.max_attributes = Py_MIN(reader.max_attributes, MAX_ATTRIBUTES);
    reader.max_prefixes = Py_MIN(reader.max_prefixes, MAX_NAMESPACES);
    Table *table = PyObject_New(Table, &table_type);
    if (!table) return NULL;
    *table = (Table){
        .ob_base = table->ob_base, .octets = Py_NewRef(octets), .namespaces = Py_NewRef(namespaces),
        .at = PyBytes_AS_STRING(octets), .size = (uint32_t)PyBytes_GET_SIZE(octets),
    };
    reader.table = table;
    reader.at = table->at;
    reader.size = table->size;
    int plain = skip_declaration(&reader);
    if (plain) {
        skip_space(&reader);
        plain = read_elements(&reader);
    }
    if (plain) {
        skip_space(&reader);
        plain = reader.place == reader.size && no_other_declares(&reader);
    }
    PyObject *root = plain ? element_of(table, table->entries) : NULL;
    Py_DECREF(table);
    if (root || PyErr_Occurred()) return root;
    Py_RETURN_NONE;
}
