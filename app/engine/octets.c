/* Octets in C: declarations of namespaces in a document, and the records of canonical octets.
 *
 * Each function is the twin of the Python that stands beside its call. It answers for what is
 * plain, which nearly every document is, and returns None (a Part raises Unreadable) for everything
 * else: then its twin decides. Nothing here refuses a document or words a finding.
 *
 * Octets are read by index within their length; what is kept of them are such indices.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

enum {
    MAX_DECLARATIONS = 2000, /* of namespaces, as the reader takes in the largest document */
    MAX_NAME = 256,          /* octets of the name of a namespace, more than any known one has */
    MAX_DEPTH = 64,          /* levels of a record; the reader takes 32 */
};

/* The next of some octet within a range, or NULL. */
static const char *next(const char *at, const char *end, char octet)
{
    return at < end ? memchr(at, octet, end - at) : NULL;
}

PyDoc_STRVAR(declarations_doc, "declarations(data)\n--\n\n"
             "Count the declarations of namespaces and collect their (prefix, name) pairs;\n"
             "None where one is not written as `xmlns:prefix=\"name\"`.");

static PyObject *declarations(PyObject *module, PyObject *data)
{
    if (!PyBytes_CheckExact(data)) return PyErr_Format(PyExc_TypeError, "bytes are needed");
    const char *at = PyBytes_AS_STRING(data), *end = at + PyBytes_GET_SIZE(data);
    PyObject *pairs = PySet_New(NULL);
    Py_ssize_t count = 0;
    for (; pairs && (at = next(at, end, 'x')); at++) {
        if (end - at < 5 || memcmp(at, "xmlns", 5)) continue;
        const char *prefix = at + 5, *name;
        if (prefix < end && *prefix == ':') prefix++;
        for (name = prefix; name < end && Py_ISALNUM(*name); name++) continue;
        /* A colon is followed by a prefix, and a prefix preceded by one. */
        int plain = (prefix == at + 5) == (name == prefix) && end - name > 2 && name[0] == '=' &&
                    name[1] == '"';
        const char *limit = end - name > MAX_NAME ? name + MAX_NAME : end;
        const char *quote = plain ? next(name + 2, limit, '"') : NULL;
        PyObject *pair = NULL;
        if (quote && ++count <= MAX_DECLARATIONS)
            pair = Py_BuildValue("(y#y#)", prefix, (Py_ssize_t)(name - prefix), name + 2,
                                 (Py_ssize_t)(quote - name - 2));
        if (!pair || PySet_Add(pairs, pair)) Py_CLEAR(pairs);
        Py_XDECREF(pair);
    }
    if (pairs) return Py_BuildValue("(nN)", count, pairs);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* --- Records: what a tree of canonical octets would say, without one. */

typedef struct {
    Py_ssize_t name, named;   /* where the name begins and ends */
    Py_ssize_t end_of_tag;    /* where the attributes end */
    Py_ssize_t text, closed;  /* where the content begins and ends */
    Py_ssize_t next;          /* the next sibling, 0 for none */
    int parent_of;            /* whether it has child elements: the first is the next entry */
} Entry;

typedef struct {
    PyObject_HEAD
    PyObject *octets;
    Py_ssize_t size;
    Entry *entries;
} Table;

typedef struct {
    PyObject_HEAD
    Table *table;
    const Entry *entry;
} Part;

static PyTypeObject table_type, part_type;
static PyObject *unreadable; /* raised for whatever the Python must look at again */
static PyObject *normalize, *nfc, *strip;

static int is_name(unsigned char octet)
{
    return Py_ISALNUM(octet) || octet == '_' || octet == '.' || octet == '-';
}

/* Read ` name="value"` from a place on; the place behind it, or 0. */
static Py_ssize_t attribute_end(const char *at, Py_ssize_t place, Py_ssize_t size,
                                Py_ssize_t *named)
{
    while (place < size && is_name(at[place])) place++;
    *named = place;
    if (size - place < 2 || at[place] != '=' || at[place + 1] != '"') return 0;
    const char *quote = next(at + place + 2, at + size, '"');
    return quote ? quote - at + 1 : 0;
}

/* Write an entry for each element; 0 where something is not as canonicalization writes it, where a
 * name has a prefix or a namespace is declared. */
static int read_entries(Entry *entries, const char *at, Py_ssize_t size)
{
    Py_ssize_t open[MAX_DEPTH], last[MAX_DEPTH + 1] = {0}, place = 0, count = 0, named;
    int depth = 0;
    do {
        if (size - place < 3 || at[place] != '<') return 0;
        if (depth && at[place + 1] == '/') {
            Entry *entry = entries + open[--depth];
            Py_ssize_t length = entry->named - entry->name;
            entry->closed = place;
            if (size - place < length + 3 || memcmp(at + place + 2, at + entry->name, length) ||
                at[place + 2 + length] != '>')
                return 0;
            last[depth + 1] = 0;
            place += length + 3;
        } else {
            if (depth == MAX_DEPTH) return 0;
            Entry *entry = entries + count;
            *entry = (Entry){.name = place + 1, .named = place + 1};
            while (entry->named < size && is_name(at[entry->named])) entry->named++;
            for (place = entry->named; place < size && at[place] == ' ';) {
                const char *name = at + place + 1;
                if (!(place = attribute_end(at, place + 1, size, &named))) return 0;
                if (at + named - name == 5 && !memcmp(name, "xmlns", 5)) return 0;
            }
            if (place >= size || at[place] != '>' || entry->named == entry->name) return 0;
            entry->end_of_tag = place;
            entry->text = ++place;
            if (depth) entries[open[depth - 1]].parent_of = 1;
            if (last[depth]) entries[last[depth]].next = count;
            last[depth] = count;
            open[depth++] = count++;
            last[depth] = 0;
        }
        const char *tag = depth ? next(at + place, at + size, '<') : NULL;
        if (depth && !tag) return 0;
        if (depth) place = tag - at;
    } while (depth);
    return place == size;
}

static PyObject *part_of(Table *table, const Entry *entry)
{
    Part *part = PyObject_New(Part, &part_type);
    if (!part) return NULL;
    Py_INCREF(table);
    part->table = table;
    part->entry = entry;
    return (PyObject *)part;
}

static void table_dealloc(PyObject *self)
{
    Py_DECREF(((Table *)self)->octets);
    PyMem_Free(((Table *)self)->entries);
    PyObject_Free(self);
}

static void part_dealloc(PyObject *self)
{
    Py_DECREF(((Part *)self)->table);
    PyObject_Free(self);
}

PyDoc_STRVAR(records_doc, "records(octets)\n--\n\n"
             "Read canonical octets as a Part; None where they are not plain.");

static PyObject *records(PyObject *module, PyObject *octets)
{
    if (!PyBytes_CheckExact(octets)) return PyErr_Format(PyExc_TypeError, "bytes are needed");
    const char *at = PyBytes_AS_STRING(octets);
    Py_ssize_t size = PyBytes_GET_SIZE(octets), tags = 0;
    for (const char *tag = at; (tag = next(tag, at + size, '<')); tag++) tags++;
    Table *table = PyObject_New(Table, &table_type);
    if (!table) return NULL;
    Py_INCREF(octets);
    table->octets = octets;
    table->size = size;
    /* Every element has two tags; one tag alone is found out at once. */
    table->entries = PyMem_New(Entry, tags + 1);
    PyObject *part = NULL;
    if (!table->entries) PyErr_NoMemory();
    else if (read_entries(table->entries, at, size)) part = part_of(table, table->entries);
    Py_DECREF(table);
    if (part || PyErr_Occurred()) return part;
    Py_RETURN_NONE;
}

/* Decode a range of octets, references resolved as XML 1.0 section 4.1 says. */
static PyObject *decoded(const char *at, Py_ssize_t size)
{
    static const struct { const char *written; char octet; } known[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
        {"&#x9;", '\t'}, {"&#xA;", '\n'}, {"&#xD;", '\r'},
    };
    if (!next(at, at + size, '&')) return PyUnicode_DecodeUTF8(at, size, "strict");
    char *text = PyMem_Malloc(size);
    if (!text) return PyErr_NoMemory();
    Py_ssize_t used = 0, place = 0;
    while (place < size) {
        size_t each = 0, length = 1;
        text[used] = at[place];
        if (at[place] == '&') {
            for (; each < Py_ARRAY_LENGTH(known); each++) {
                length = strlen(known[each].written);
                if (length <= (size_t)(size - place) &&
                    !memcmp(at + place, known[each].written, length))
                    break;
            }
            if (each == Py_ARRAY_LENGTH(known)) break;
            text[used] = known[each].octet;
        }
        used++;
        place += length;
    }
    PyObject *result = place < size ? NULL : PyUnicode_DecodeUTF8(text, used, "strict");
    PyMem_Free(text);
    if (!result && !PyErr_Occurred()) PyErr_SetNone(unreadable);
    return result;
}

static const Entry *sibling(const Table *table, const Entry *entry)
{
    return entry->next ? table->entries + entry->next : NULL;
}

/* Count the elements at a path of names below an element, and give the last one; list them all
 * where a list is given. -1 with an exception. */
static Py_ssize_t find(Table *table, const Entry *above, const char *path, const Entry **found,
                       PyObject *list)
{
    const char *at = PyBytes_AS_STRING(table->octets), *rest = strchr(path, '/');
    Py_ssize_t length = rest ? rest - path : (Py_ssize_t)strlen(path), count = 0;
    const Entry *entry = above->parent_of ? above + 1 : NULL;
    for (; entry; entry = sibling(table, entry)) {
        if (entry->named - entry->name != length || memcmp(at + entry->name, path, length))
            continue;
        if (rest) {
            Py_ssize_t deeper = find(table, entry, rest + 1, found, list);
            if (deeper < 0) return -1;
            count += deeper;
            continue;
        }
        count++;
        *found = entry;
        PyObject *part = list ? part_of(table, entry) : NULL;
        if (list && (!part || PyList_Append(list, part))) {
            Py_XDECREF(part);
            return -1;
        }
        Py_XDECREF(part);
    }
    return count;
}

static PyObject *children_at(PyObject *self, PyObject *path)
{
    const Part *part = (Part *)self;
    const Entry *last;
    const char *names = PyUnicode_AsUTF8(path);
    PyObject *list = names ? PyList_New(0) : NULL;
    if (list && find(part->table, part->entry, names, &last, list) < 0) Py_CLEAR(list);
    return list;
}

/* The one element at a path; NULL where there is none, with an exception where there are more. */
static const Entry *single(PyObject *self, PyObject *path)
{
    const Part *part = (Part *)self;
    const Entry *found = NULL;
    const char *names = PyUnicode_AsUTF8(path);
    if (names && find(part->table, part->entry, names, &found, NULL) > 1) {
        PyErr_SetNone(unreadable);
        return NULL;
    }
    return found;
}

static PyObject *child_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    if (entry) return part_of(((Part *)self)->table, entry);
    if (!PyErr_Occurred()) PyErr_SetNone(unreadable);
    return NULL;
}

static PyObject *text_of(PyObject *self, const Entry *entry)
{
    if (!entry->parent_of)
        return decoded(PyBytes_AS_STRING(((Part *)self)->table->octets) + entry->text,
                       entry->closed - entry->text);
    PyErr_SetNone(unreadable);
    return NULL;
}

static PyObject *text_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    PyObject *text = entry ? text_of(self, entry) : NULL;
    Py_ssize_t length = text ? PyUnicode_GET_LENGTH(text) : 0;
    if (length && !Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, 0)) &&
        !Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, length - 1)))
        return text;
    Py_XDECREF(text);
    if (!PyErr_Occurred()) PyErr_SetNone(unreadable);
    return NULL;
}

static PyObject *optional_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    if (!entry && PyErr_Occurred()) return NULL;
    if (!entry) Py_RETURN_NONE;
    PyObject *text = text_of(self, entry);
    if (text && !PyUnicode_IS_ASCII(text))
        Py_SETREF(text, PyObject_CallFunctionObjArgs(normalize, nfc, text, NULL));
    if (text) Py_SETREF(text, PyObject_CallMethodNoArgs(text, strip));
    if (text && !PyUnicode_GET_LENGTH(text)) Py_SETREF(text, Py_NewRef(Py_None));
    return text;
}

static PyObject *attribute_at(PyObject *self, PyObject *name)
{
    const Entry *entry = ((Part *)self)->entry;
    const char *at = PyBytes_AS_STRING(((Part *)self)->table->octets);
    Py_ssize_t length, named, end;
    const char *wanted = PyUnicode_AsUTF8AndSize(name, &length);
    if (!wanted) return NULL;
    for (Py_ssize_t place = entry->named; place < entry->end_of_tag; place = end) {
        end = attribute_end(at, place + 1, entry->end_of_tag, &named);
        if (!end) break;
        if (named - place - 1 == length && !memcmp(at + place + 1, wanted, length))
            return decoded(at + named + 2, end - named - 3);
    }
    PyErr_SetNone(unreadable);
    return NULL;
}

static PyObject *misfit(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    return PyObject_CallNoArgs(unreadable);
}

static PyMethodDef part_methods[] = {
    {"attribute_of", attribute_at, METH_O, "As `Record.attribute_of`; raises Unreadable."},
    {"child_at", child_at, METH_O, "As `Record.child_at`; raises Unreadable."},
    {"children_at", children_at, METH_O, "As `Record.children_at`."},
    {"misfit", (PyCFunction)(void *)misfit, METH_FASTCALL, "Make an Unreadable."},
    {"optional_at", optional_at, METH_O, "As `Record.optional_at`; raises Unreadable."},
    {"text_at", text_at, METH_O, "As `Record.text_at`; raises Unreadable."},
    {NULL},
};

static PyTypeObject table_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "app.engine._octets.Table",
    .tp_basicsize = sizeof(Table),
    .tp_dealloc = table_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

static PyTypeObject part_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "app.engine._octets.Part",
    .tp_basicsize = sizeof(Part),
    .tp_dealloc = part_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_methods = part_methods,
};

static PyMethodDef functions[] = {
    {"declarations", declarations, METH_O, declarations_doc},
    {"records", records, METH_O, records_doc},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "app.engine._octets", NULL, -1, functions,
};

PyMODINIT_FUNC PyInit__octets(void)
{
    PyObject *unicodedata = PyImport_ImportModule("unicodedata");
    if (!unicodedata || PyType_Ready(&table_type) || PyType_Ready(&part_type)) return NULL;
    normalize = PyObject_GetAttrString(unicodedata, "normalize");
    nfc = PyUnicode_InternFromString("NFC");
    strip = PyUnicode_InternFromString("strip");
    unreadable = PyErr_NewException("app.engine._octets.Unreadable", NULL, NULL);
    PyObject *module = PyModule_Create(&definition);
    if (!normalize || !nfc || !strip || !unreadable || !module ||
        PyModule_AddObjectRef(module, "Unreadable", unreadable))
        return NULL;
    return module;
}
