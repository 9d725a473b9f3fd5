/* Canonical octets of a subtree: Canonical XML 1.0 and 1.1, and Exclusive XML Canonicalization 1.0
 * without prefix lists, all without comments.
 *
 * A plain document is nearly canonical as it is written, so that octets are copied in runs, and only
 * what differs is written anew: declarations, tags of empty elements, references.
 */
#include "engine.h"

typedef struct {
    const Table *table;
    PyObject *octets;    /* bytes, longer than what is used of them */
    size_t used, size;
    uint32_t run;        /* where what was passed over and is not yet copied begins */
    int exclusive, rendered;
    const Declaration *stack[MAX_NAMESPACES]; /* rendered by the elements that are open */
} Writer;

/* Every writer returns 0 when the case is not plain, or memory ran out. */
static int put(Writer *to, const char *octets, size_t length)
{
    if (length > to->size - to->used) {
        to->size = 2 * to->size + length;
        if (_PyBytes_Resize(&to->octets, to->size)) return 0;
    }
    memcpy(PyBytes_AS_STRING(to->octets) + to->used, octets, length);
    to->used += length;
    return 1;
}

static int put_text(Writer *to, const char *text) { return put(to, text, strlen(text)); }

static int put_range(Writer *to, Range range)
{
    return put(to, to->table->at + range.begin, range.end - range.begin);
}

/* Copy what was passed over up to a place, and go on behind another one. */
static int replace(Writer *to, uint32_t from, uint32_t until)
{
    uint32_t run = to->run;
    to->run = until;
    return put(to, to->table->at + run, from - run);
}

/* C14N 1.0 section 2.3: what a character is written as, NULL for itself. */
static const char *written(char octet, int in_attribute)
{
    switch (octet) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '\r': return "&#xD;";
    case '>': return in_attribute ? NULL : "&gt;";
    case '"': return in_attribute ? "&quot;" : NULL;
    case '\t': return in_attribute ? "&#x9;" : NULL;
    case '\n': return in_attribute ? "&#xA;" : NULL;
    default: return NULL;
    }
}

/* Pass over a text and write anew what of it is not canonical. */
static int rewrite(Writer *to, Range text, int in_attribute)
{
    const char *at = to->table->at;
    for (uint32_t place = text.begin; place < text.end; place++) {
        char octet = at[place];
        uint32_t length = 1;
        if (octet == '&') length = reference_at(at + place, text.end - place, &octet);
        else if (octet != '>' || in_attribute) continue;
        const char *anew = written(octet, in_attribute);
        if (!length || !replace(to, place, place + length) ||
            !(anew ? put_text(to, anew) : put(to, &octet, 1)))
            return 0;
        place += length - 1;
    }
    return 1;
}

static int order_of(const char *at, Range one, Range other)
{
    uint32_t first = one.end - one.begin, second = other.end - other.begin;
    int order = memcmp(at + one.begin, at + other.begin, Py_MIN(first, second));
    return order ? order : (first > second) - (first < second);
}

/* Find what is rendered for a prefix; NULL for nothing. */
static const Declaration *rendered(const Writer *to, Range prefix)
{
    for (int place = to->rendered; place-- > 0;)
        if (!order_of(to->table->at, to->stack[place]->prefix, prefix)) return to->stack[place];
    return NULL;
}

static int put_namespace(Writer *to, const Declaration *one)
{
    const Declaration *before = rendered(to, one->prefix);
    if (before && before->ns == one->ns) return 1;
    if (to->rendered == MAX_NAMESPACES) return 0;
    to->stack[to->rendered++] = one;
    Py_ssize_t length;
    const char *name = name_of_namespace(to->table, one->ns, &length);
    int named = one->prefix.begin < one->prefix.end;
    return put_text(to, named ? " xmlns:" : " xmlns") && put_range(to, one->prefix) &&
           put_text(to, "=\"") && put(to, name, length) && put_text(to, "\"");
}

static Range prefix_of(const Entry *entry)
{
    return (Range){entry->name, entry->local == entry->name ? entry->name : entry->local - 1};
}

/* The declaration in scope that an element's name uses; it is there, or the name has no namespace. */
static const Declaration *declaration_of(const Table *table, const Entry *entry)
{
    Range prefix = prefix_of(entry);
    for (; entry; entry = parent(table, entry))
        for (uint32_t place = entry->declarations; place-- > 0;) {
            const Declaration *one = table->declared + entry->declared + place;
            if (!order_of(table->at, one->prefix, prefix)) return one;
        }
    return NULL;
}

/* List the declarations that an inclusive method writes, those of the ancestors too where the
 * element is the apex, in their order; -1 where there are too many. */
static int declarations_of(const Writer *to, const Entry *entry, int apex,
                           const Declaration **known)
{
    const Table *table = to->table;
    int count = 0;
    for (; entry; entry = apex ? parent(table, entry) : NULL) {
        for (uint32_t each = 0; each < entry->declarations; each++) {
            const Declaration *one = table->declared + entry->declared + each;
            int place = 0, order = 1;
            while (place < count &&
                   (order = order_of(table->at, known[place]->prefix, one->prefix)) < 0)
                place++;
            if (place < count && !order) continue; /* one nearer to the apex has this prefix */
            if (count == MAX_NAMESPACES) return -1;
            memmove(known + place + 1, known + place, (count++ - place) * sizeof *known);
            known[place] = one;
        }
    }
    return count;
}

static int put_attributes(Writer *to, const Entry *entry)
{
    const Table *table = to->table;
    Range names[MAX_ATTRIBUTES], values[MAX_ATTRIBUTES], name, value;
    int count = 0;
    for (uint32_t place = entry->named; next_attribute(table, entry, &place, &name, &value);) {
        if (declares(table->at + name.begin, name.end - name.begin)) continue;
        int before = count++;
        for (; before && order_of(table->at, names[before - 1], name) > 0; before--) {
            names[before] = names[before - 1];
            values[before] = values[before - 1];
        }
        names[before] = name;
        values[before] = value;
    }
    for (int each = 0; each < count; each++) {
        to->run = values[each].begin;
        if (!put_text(to, " ") || !put_range(to, names[each]) || !put_text(to, "=\"") ||
            !rewrite(to, values[each], 1) || !replace(to, values[each].end, values[each].end) ||
            !put_text(to, "\""))
            return 0;
    }
    return 1;
}

/* Pass over a start tag, or write it anew. */
static int put_start(Writer *to, const Entry *entry, int apex)
{
    const Table *table = to->table;
    const Declaration *needed[MAX_NAMESPACES];
    int count = 0;
    /* libxml2 may write a declaration anew that repeats an open one: what repeats is not plain. */
    for (uint32_t each = 0; each < entry->declarations; each++)
        if (rendered(to, table->declared[entry->declared + each].prefix)) return 0;
    if (to->exclusive) {
        const Declaration *used = declaration_of(table, entry);
        if (used) needed[count++] = used;
    } else if (apex || entry->declarations) {
        count = declarations_of(to, entry, apex, needed);
    }
    if (count < 0) return 0;
    /* An element without namespace within a default one would undo its declaration. */
    if (!entry->ns && rendered(to, prefix_of(entry))) return 0;
    int anew = !entry->canonical;
    for (int each = 0; each < count; each++) {
        const Declaration *before = rendered(to, needed[each]->prefix);
        anew |= !before || before->ns != needed[each]->ns;
    }
    if (!anew) return 1;
    if (!replace(to, entry->named, entry->named)) return 0;
    for (int each = 0; each < count; each++)
        if (!put_namespace(to, needed[each])) return 0;
    if (!put_attributes(to, entry)) return 0;
    to->run = entry->end_of_tag;
    return 1;
}

static int put_element(Writer *to, const Entry *entry, int apex)
{
    const Table *table = to->table;
    int open = to->rendered;
    if (!put_start(to, entry, apex)) return 0;
    if (entry->empty) {
        Range name = {entry->name, entry->named};
        if (!replace(to, entry->end_of_tag, entry->text) || !put_text(to, "></") ||
            !put_range(to, name) || !put_text(to, ">"))
            return 0;
    } else {
        uint32_t begin = entry->text;
        for (const Entry *each = first_child(entry); each; each = sibling(table, each)) {
            if (entry->escaped && !rewrite(to, (Range){begin, each->name - 1}, 0)) return 0;
            if (!put_element(to, each, 0)) return 0;
            begin = each->empty ? each->text : each->closed + (each->named - each->name) + 3;
        }
        if (entry->escaped && !rewrite(to, (Range){begin, entry->closed}, 0)) return 0;
    }
    to->rendered = open;
    return 1;
}

/* Return the canonical octets of an element's subtree; None where it is not plain. */
PyObject *canonical(PyObject *module, PyObject *arguments)
{
    Element *element;
    Writer to = {0};
    if (!PyArg_ParseTuple(arguments, "O!p", &element_type, &element, &to.exclusive)) return NULL;
    const Entry *apex = element->entry;
    uint32_t end = apex->empty ? apex->text : apex->closed + (apex->named - apex->name) + 3;
    to.table = element->table;
    to.run = apex->name - 1;
    to.size = end - to.run + (end - to.run) / 8 + 256; /* declarations and end tags are few */
    if (!(to.octets = PyBytes_FromStringAndSize(NULL, to.size))) return NULL;
    if (put_element(&to, apex, 1) && replace(&to, end, end)) {
        _PyBytes_Resize(&to.octets, to.used);
        return to.octets;
    }
    Py_XDECREF(to.octets);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}
