/* An element of a plain document, in the words of lxml's.
 *
 * Two elements are equal when they are the same one of the same document. `Unplain` is raised for
 * whatever the Python must look at again on libxml2's tree.
 */
#include "engine.h"

enum { MANY_LINES = 65535 }; /* from here on libxml2 counts lines by other means */

PyObject *unplain;

PyObject *element_of(Table *table, const Entry *entry)
{
    Element *element = PyObject_New(Element, &element_type);
    if (!element) return NULL;
    Py_INCREF(table);
    element->table = table;
    element->entry = entry;
    return (PyObject *)element;
}

static PyObject *element_or_none(Table *table, const Entry *entry)
{
    if (entry) return element_of(table, entry);
    Py_RETURN_NONE;
}

static void table_dealloc(PyObject *self)
{
    Table *table = (Table *)self;
    Py_DECREF(table->octets);
    Py_DECREF(table->namespaces);
    PyMem_Free(table->entries);
    PyMem_Free(table->declared);
    PyObject_Free(self);
}

static void element_dealloc(PyObject *self)
{
    Py_DECREF(((Element *)self)->table);
    PyObject_Free(self);
}

static Py_hash_t element_hash(PyObject *self)
{
    Py_hash_t hash = (Py_hash_t)((uintptr_t)((Element *)self)->entry / sizeof(Entry));
    return hash == -1 ? -2 : hash;
}

static PyObject *element_compare(PyObject *self, PyObject *other, int operation)
{
    if (!Py_IS_TYPE(other, &element_type) || (operation != Py_EQ && operation != Py_NE))
        Py_RETURN_NOTIMPLEMENTED;
    int same = ((Element *)self)->entry == ((Element *)other)->entry;
    return PyBool_FromLong(same == (operation == Py_EQ));
}

/* Decode a range of octets, references resolved as XML 1.0 section 4.1 says. */
PyObject *decoded(const char *at, Py_ssize_t size)
{
    if (!memchr(at, '&', size)) return PyUnicode_DecodeUTF8(at, size, "strict");
    char *text = PyMem_Malloc(size);
    if (!text) return PyErr_NoMemory();
    Py_ssize_t used = 0;
    for (Py_ssize_t place = 0, length; place < size; place += length) {
        length = at[place] == '&' ? reference_at(at + place, size - place, text + used) : 0;
        if (!length) {
            text[used] = at[place];
            length = 1;
        }
        used++;
    }
    PyObject *result = PyUnicode_DecodeUTF8(text, used, "strict");
    PyMem_Free(text);
    return result;
}

/* Read the next attribute from a place on; 0 behind the last one. */
int next_attribute(const Table *table, const Entry *entry, uint32_t *place, Range *name,
                   Range *value)
{
    const char *at = table->at;
    while (is_space(at[*place])) ++*place;
    if (*place == entry->end_of_tag) return 0;
    name->begin = *place;
    name->end = (uint32_t)((const char *)memchr(at + *place, '=', entry->end_of_tag - *place) - at);
    value->begin = name->end + 2;
    value->end = (uint32_t)((const char *)memchr(at + value->begin, '"',
                                                 entry->end_of_tag - value->begin) - at);
    *place = value->end + 1;
    return 1;
}

int find_attribute(const Table *table, const Entry *entry, PyObject *wanted, Range *value)
{
    Py_ssize_t length;
    const char *name = PyUnicode_AsUTF8AndSize(wanted, &length);
    if (!name) return -1;
    Range found;
    for (uint32_t place = entry->named; entry->attributed;) {
        if (!next_attribute(table, entry, &place, &found, value)) break;
        if (found.end - found.begin == length && !memcmp(table->at + found.begin, name, length) &&
            !declares(name, length))
            return 1;
    }
    return 0;
}

static PyObject *findall(PyObject *self, PyObject *path)
{
    const Element *element = (Element *)self;
    const Entry *first = NULL;
    const char *names = PyUnicode_AsUTF8(path);
    PyObject *list = names ? PyList_New(0) : NULL;
    if (list && find_at(element->table, element->entry, names, &first, list, 0) < 0) Py_CLEAR(list);
    return list;
}

static PyObject *find(PyObject *self, PyObject *path)
{
    const Element *element = (Element *)self;
    const Entry *first = NULL;
    const char *names = PyUnicode_AsUTF8(path);
    if (!names || find_at(element->table, element->entry, names, &first, NULL, 1) < 0) return NULL;
    return element_or_none(element->table, first);
}

/* The text before the first child, None where there is none. */
static PyObject *text_before(const Table *table, const Entry *entry)
{
    uint32_t end = entry->parent_of ? entry[1].name - 1 : entry->closed;
    if (end == entry->text) Py_RETURN_NONE;
    return decoded(table->at + entry->text, end - entry->text);
}

static PyObject *findtext(PyObject *self, PyObject *path)
{
    const Element *element = (Element *)self;
    const Entry *first = NULL;
    const char *names = PyUnicode_AsUTF8(path);
    if (!names || find_at(element->table, element->entry, names, &first, NULL, 1) < 0) return NULL;
    PyObject *text = first ? text_before(element->table, first) : Py_NewRef(Py_None);
    if (first && text == Py_None) Py_SETREF(text, PyUnicode_New(0, 0));
    return text;
}

/* --- Walks. */

static PyObject *iterator_of(PyObject *list)
{
    PyObject *iterator = list ? PyObject_GetIter(list) : NULL;
    Py_XDECREF(list);
    return iterator;
}

static int append(PyObject **list, Table *table, const Entry *entry)
{
    PyObject *one = element_of(table, entry);
    if (!one || PyList_Append(*list, one)) Py_CLEAR(*list);
    Py_XDECREF(one);
    return *list != NULL;
}

static PyObject *children(PyObject *self)
{
    const Element *element = (Element *)self;
    Table *table = element->table;
    PyObject *list = PyList_New(0);
    for (const Entry *each = first_child(element->entry); list && each; each = sibling(table, each))
        append(&list, table, each);
    return iterator_of(list);
}

/* The step that a tag names; the argument is optional, and every element matches without one. */
static int step_argument(const Table *table, PyObject *tag, Step *step)
{
    const char *name = tag ? PyUnicode_AsUTF8(tag) : "*";
    if (!name) return 0;
    *step = step_of(table, &name);
    return 1;
}

static PyObject *iterchildren(PyObject *self, PyObject *tag)
{
    Step step;
    Table *table = ((Element *)self)->table;
    if (!step_argument(table, tag, &step)) return NULL;
    PyObject *list = PyList_New(0);
    const Entry *each = first_child(((Element *)self)->entry);
    for (; list && each; each = sibling(table, each))
        if (matches(table, each, &step)) append(&list, table, each);
    return iterator_of(list);
}

static PyObject *iter(PyObject *self, PyObject *arguments)
{
    Step step;
    PyObject *tag = NULL;
    const Entry *apex = ((Element *)self)->entry, *each = apex;
    Table *table = ((Element *)self)->table;
    if (!PyArg_ParseTuple(arguments, "|U", &tag) || !step_argument(table, tag, &step)) return NULL;
    PyObject *list = PyList_New(0);
    /* In document order the subtree is what begins before its apex ends. */
    for (; list && each < table->entries + table->count; each++) {
        if (each > apex && each->name > apex->closed) break;
        if (matches(table, each, &step)) append(&list, table, each);
    }
    return iterator_of(list);
}

static PyObject *iterancestors(PyObject *self, PyObject *none)
{
    Table *table = ((Element *)self)->table;
    PyObject *list = PyList_New(0);
    const Entry *each = parent(table, ((Element *)self)->entry);
    for (; list && each; each = parent(table, each)) append(&list, table, each);
    return iterator_of(list);
}

static PyObject *itersiblings(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"", "preceding", NULL};
    Step step;
    PyObject *tag;
    int preceding = 0;
    const Entry *entry = ((Element *)self)->entry;
    Table *table = ((Element *)self)->table;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "U|$p", names, &tag, &preceding) ||
        !step_argument(table, tag, &step))
        return NULL;
    const Entry *above = parent(table, entry), *each = sibling(table, entry);
    if (preceding) each = above ? first_child(above) : NULL;
    PyObject *list = PyList_New(0);
    for (; list && each && each != entry; each = sibling(table, each))
        if (matches(table, each, &step)) append(&list, table, each);
    if (list && preceding && PyList_Reverse(list)) Py_CLEAR(list);
    return iterator_of(list);
}

static PyObject *getparent(PyObject *self, PyObject *none)
{
    Table *table = ((Element *)self)->table;
    return element_or_none(table, parent(table, ((Element *)self)->entry));
}

static Py_ssize_t count_children(PyObject *self)
{
    const Entry *each = first_child(((Element *)self)->entry);
    Py_ssize_t count = 0;
    for (; each; each = sibling(((Element *)self)->table, each)) count++;
    return count;
}

/* --- What an element says. */

static PyObject *get_tag(PyObject *self, void *none)
{
    const Table *table = ((Element *)self)->table;
    const Entry *entry = ((Element *)self)->entry;
    Py_ssize_t length;
    PyObject *local = PyUnicode_DecodeASCII(table->at + entry->local, entry->named - entry->local,
                                            NULL);
    if (!local || !entry->ns) return local;
    PyObject *tag = PyUnicode_FromFormat("{%s}%U", name_of_namespace(table, entry->ns, &length),
                                         local);
    Py_DECREF(local);
    return tag;
}

static PyObject *get_text(PyObject *self, void *none)
{
    return text_before(((Element *)self)->table, ((Element *)self)->entry);
}

static PyObject *get_sourceline(PyObject *self, void *none)
{
    const Table *table = ((Element *)self)->table;
    const char *at = table->at, *end = at + ((Element *)self)->entry->end_of_tag;
    long line = 1;
    while ((at = memchr(at, '\n', end - at))) line++, at++;
    if (line < MANY_LINES) return PyLong_FromLong(line);
    PyErr_SetNone(unplain);
    return NULL;
}

static PyObject *get(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    Range value;
    const Element *element = (Element *)self;
    if (count != 1 && count != 2) return PyErr_Format(PyExc_TypeError, "one name or two arguments");
    int found = find_attribute(element->table, element->entry, arguments[0], &value);
    if (found < 0) return NULL;
    if (!found) return Py_NewRef(count == 2 ? arguments[1] : Py_None);
    return decoded(element->table->at + value.begin, value.end - value.begin);
}

/* The elements below and at this one that have an attribute, by its value, in document order. */
static PyObject *bearers(PyObject *self, PyObject *name)
{
    const Element *element = (Element *)self;
    Table *table = element->table;
    PyObject *found = PyDict_New();
    for (uint32_t each = (uint32_t)(element->entry - table->entries); found && each < table->count;
         each++) {
        Range value;
        int bears = find_attribute(table, table->entries + each, name, &value);
        if (!bears) continue;
        PyObject *key = bears > 0 ? decoded(table->at + value.begin, value.end - value.begin) : NULL;
        PyObject *list = key ? PyDict_GetItemWithError(found, key) : NULL;
        PyObject *one = key ? element_of(table, table->entries + each) : NULL;
        if (!one || PyErr_Occurred()) Py_CLEAR(found);
        else if (list) {
            if (PyList_Append(list, one)) Py_CLEAR(found);
        } else {
            list = PyList_New(1);
            if (list) PyList_SET_ITEM(list, 0, Py_NewRef(one));
            if (!list || PyDict_SetItem(found, key, list)) Py_CLEAR(found);
            Py_XDECREF(list);
        }
        Py_XDECREF(key);
        Py_XDECREF(one);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"attribute_of", attribute_of, METH_O, "As `Record.attribute_of`; raises Unplain."},
    {"bearers", bearers, METH_O, "List the elements with an attribute by its value."},
    {"child_at", child_at, METH_O, "As `Record.child_at`; raises Unplain."},
    {"children_at", findall, METH_O, "As `Record.children_at`."},
    {"find", find, METH_O, "As lxml's, for paths of tags and stars."},
    {"findall", findall, METH_O, "As lxml's, for paths of tags and stars."},
    {"findtext", findtext, METH_O, "As lxml's, for paths of tags and stars."},
    {"get", (PyCFunction)(void *)get, METH_FASTCALL, "As lxml's."},
    {"getparent", getparent, METH_NOARGS, "As lxml's."},
    {"iter", iter, METH_VARARGS, "As lxml's, for one tag or none."},
    {"iterancestors", iterancestors, METH_NOARGS, "As lxml's."},
    {"iterchildren", iterchildren, METH_O, "As lxml's, for one tag."},
    {"itersiblings", (PyCFunction)(void *)itersiblings, METH_VARARGS | METH_KEYWORDS,
     "As lxml's, for one tag."},
    {"misfit", (PyCFunction)(void *)misfit, METH_FASTCALL, "Make an Unplain."},
    {"optional_at", optional_at, METH_O, "As `Record.optional_at`; raises Unplain."},
    {"text_at", text_at, METH_O, "As `Record.text_at`; raises Unplain."},
    {NULL},
};

static PyGetSetDef attributes[] = {
    {"sourceline", get_sourceline, NULL, "As lxml's; raises Unplain far down.", NULL},
    {"tag", get_tag, NULL, "As lxml's.", NULL},
    {"text", get_text, NULL, "As lxml's.", NULL},
    {NULL},
};

static PySequenceMethods as_sequence = {.sq_length = count_children};

PyTypeObject table_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "app.engine._engine.Table",
    .tp_basicsize = sizeof(Table),
    .tp_dealloc = table_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

PyTypeObject element_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "app.engine._engine.Element",
    .tp_basicsize = sizeof(Element),
    .tp_dealloc = element_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_methods = methods,
    .tp_getset = attributes,
    .tp_as_sequence = &as_sequence,
    .tp_iter = children,
    .tp_hash = element_hash,
    .tp_richcompare = element_compare,
};

int prepare_elements(PyObject *module)
{
    PyObject *engine = PyImport_ImportModule("app.engine");
    if (!engine || PyType_Ready(&table_type) || PyType_Ready(&element_type)) return -1;
    unplain = PyObject_GetAttrString(engine, "Unplain");
    if (!unplain) return -1;
    return PyModule_AddObjectRef(module, "Element", (PyObject *)&element_type);
}
