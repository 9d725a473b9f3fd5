/* An element as `Record` of app.transcripts.fields: `Unplain` is raised instead of every refusal. */
#include "engine.h"

static PyObject *normalize, *nfc, *strip;

int prepare_records(void)
{
    PyObject *unicodedata = PyImport_ImportModule("unicodedata");
    if (!unicodedata) return -1;
    normalize = PyObject_GetAttrString(unicodedata, "normalize");
    nfc = PyUnicode_InternFromString("NFC");
    strip = PyUnicode_InternFromString("strip");
    return normalize && nfc && strip ? 0 : -1;
}

/* The one element at a path; NULL where there is none, with an exception where there are more. */
static const Entry *single(PyObject *self, PyObject *path)
{
    const Element *element = (Element *)self;
    const Entry *found = NULL;
    const char *names = PyUnicode_AsUTF8(path);
    if (names && find_at(element->table, element->entry, names, &found, NULL, 0) > 1) {
        PyErr_SetNone(unplain);
        return NULL;
    }
    return found;
}

PyObject *child_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    if (entry) return element_of(((Element *)self)->table, entry);
    if (!PyErr_Occurred()) PyErr_SetNone(unplain);
    return NULL;
}

static PyObject *whole_text(PyObject *self, const Entry *entry)
{
    if (!entry->parent_of)
        return decoded(((Element *)self)->table->at + entry->text, entry->closed - entry->text);
    PyErr_SetNone(unplain);
    return NULL;
}

PyObject *text_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    PyObject *text = entry ? whole_text(self, entry) : NULL;
    Py_ssize_t length = text ? PyUnicode_GET_LENGTH(text) : 0;
    if (length && !Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, 0)) &&
        !Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, length - 1)))
        return text;
    Py_XDECREF(text);
    if (!PyErr_Occurred()) PyErr_SetNone(unplain);
    return NULL;
}

PyObject *optional_at(PyObject *self, PyObject *path)
{
    const Entry *entry = single(self, path);
    if (!entry && PyErr_Occurred()) return NULL;
    if (!entry) Py_RETURN_NONE;
    PyObject *text = whole_text(self, entry);
    if (text && !PyUnicode_IS_ASCII(text))
        Py_SETREF(text, PyObject_CallFunctionObjArgs(normalize, nfc, text, NULL));
    if (text) Py_SETREF(text, PyObject_CallMethodNoArgs(text, strip));
    if (text && !PyUnicode_GET_LENGTH(text)) Py_SETREF(text, Py_NewRef(Py_None));
    return text;
}

PyObject *attribute_of(PyObject *self, PyObject *name)
{
    Range value;
    const Element *element = (Element *)self;
    int found = find_attribute(element->table, element->entry, name, &value);
    if (found > 0) return decoded(element->table->at + value.begin, value.end - value.begin);
    if (!found) PyErr_SetNone(unplain);
    return NULL;
}

PyObject *misfit(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    return PyObject_CallNoArgs(unplain);
}
