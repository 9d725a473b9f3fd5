/* The shape of a ds:Signature (XML Signature 1.1 section 4), where it is plain. */
#include "engine.h"

#define DS "http://www.w3.org/2000/09/xmldsig#"

typedef struct {
    Table *table;
    uint8_t ds; /* the place of the namespace of signatures */
} Source;

/* List the child elements; -1 where text stands between them, or there are too many. */
static int children_of(const Source *in, const Entry *above, const Entry **children, int most)
{
    int count = 0;
    if (above->said) return -1;
    for (const Entry *each = first_child(above); each; each = sibling(in->table, each)) {
        if (count == most) return -1;
        children[count++] = each;
    }
    return count;
}

static int is_ds(const Source *in, const Entry *entry, const char *name)
{
    return entry->ns == in->ds && is_local(in->table, entry, name, strlen(name));
}

/* Find an attribute; 0 where it is absent or holds a reference. */
static int value_of(const Source *in, const Entry *entry, const char *name, Range *value)
{
    Range found;
    size_t length = strlen(name);
    const char *at = in->table->at;
    for (uint32_t place = entry->named; next_attribute(in->table, entry, &place, &found, value);)
        if (found.end - found.begin == length && !memcmp(at + found.begin, name, length))
            return !memchr(at + value->begin, '&', value->end - value->begin);
    return 0;
}

/* An `Algorithm` on an element of this name that holds nothing. */
static int algorithm_of(const Source *in, const Entry *entry, const char *name, Range *value)
{
    return is_ds(in, entry, name) && !entry->parent_of && !entry->said &&
           value_of(in, entry, "Algorithm", value);
}

static PyObject *text_of(const Source *in, Range range)
{
    return PyUnicode_DecodeUTF8(in->table->at + range.begin, range.end - range.begin, "strict");
}

enum { NO_SYMBOL = 64, WHITE_SPACE, PADDING };
static unsigned char symbols[256]; /* octet -> value of a symbol of base64, or one of these */

void prepare_base64(void)
{
    static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(symbols, NO_SYMBOL, sizeof symbols);
    for (int value = 0; value < 64; value++) symbols[(unsigned char)known[value]] = value;
    symbols[' '] = symbols['\t'] = symbols['\r'] = symbols['\n'] = WHITE_SPACE;
    symbols['='] = PADDING;
}

/* Decode the text of an element: base64, white space and nothing else, the one encoding of its
 * value. NULL for everything else, with no exception unless memory ran out. */
static PyObject *base64_of(const Source *in, const Entry *entry, size_t most)
{
    const char *at = in->table->at + entry->text, *end = in->table->at + entry->closed;
    if (entry->parent_of || (size_t)(end - at) > most) return NULL;
    PyObject *decoded = PyBytes_FromStringAndSize(NULL, (end - at) / 4 * 3 + 3);
    if (!decoded) return NULL;
    unsigned char *to = (unsigned char *)PyBytes_AS_STRING(decoded);
    size_t used = 0;
    unsigned int bits = 0, count = 0, padding = 0;
    int plain = 1;
    while (plain && at < end) {
        char octet = *at;
        uint32_t length = 1;
        if (!(count & 3) && !padding) {
            for (; end - at >= 4; at += 4) { /* whole groups, nearly all of every text */
                unsigned int one = symbols[(unsigned char)at[0]], two = symbols[(unsigned char)at[1]];
                unsigned int three = symbols[(unsigned char)at[2]], four = symbols[(unsigned char)at[3]];
                if ((one | two | three | four) >= NO_SYMBOL) break;
                bits = one << 18 | two << 12 | three << 6 | four;
                to[used++] = bits >> 16;
                to[used++] = bits >> 8 & 255;
                to[used++] = bits & 255;
            }
            if (at == end) break;
            octet = *at;
        }
        if (octet == '&') length = reference_at(at, (uint32_t)(end - at), &octet);
        if (!length) break;
        at += length;
        unsigned int value = symbols[(unsigned char)octet];
        if (value == WHITE_SPACE) continue;
        if (value == PADDING) value = 0, padding++;
        else plain = value != NO_SYMBOL && !padding;
        bits = bits << 6 | value;
        if (++count & 3) continue;
        to[used++] = bits >> 16 & 255;
        to[used++] = bits >> 8 & 255;
        to[used++] = bits & 255;
    }
    /* Whole groups, and no bit set where the padding stands. */
    plain = plain && at == end && used && !(count & 3) && padding <= 2 &&
            !(bits & ((1u << 8 * padding) - 1));
    if (plain) _PyBytes_Resize(&decoded, used - padding);
    else Py_CLEAR(decoded);
    return decoded;
}

/* (URI, enveloped, URI of its C14N or None, URI of its digest, digest) */
static PyObject *reference_of(const Source *in, const Entry *reference)
{
    const Entry *parts[3], *transforms[2];
    Range uri, form = {0}, method, transform;
    int count = children_of(in, reference, parts, 3), steps = 0, enveloped = 0, formed = 0;
    if (count < 2 || !is_ds(in, reference, "Reference") ||
        !value_of(in, reference, "URI", &uri))
        return NULL;
    const Entry **said = parts + (count == 3);
    if (count == 3) {
        steps = children_of(in, parts[0], transforms, 2);
        if (steps < 0 || !is_ds(in, parts[0], "Transforms")) return NULL;
    }
    for (int step = 0; step < steps; step++) {
        static const char cuts[] = DS "enveloped-signature";
        if (formed || !algorithm_of(in, transforms[step], "Transform", &transform)) return NULL;
        if (!step && transform.end - transform.begin == sizeof cuts - 1 &&
            !memcmp(in->table->at + transform.begin, cuts, sizeof cuts - 1))
            enveloped = 1;
        else form = transform, formed = 1;
    }
    if (!algorithm_of(in, said[0], "DigestMethod", &method) || !is_ds(in, said[1], "DigestValue"))
        return NULL;
    PyObject *digest = base64_of(in, said[1], 256);
    if (!digest) return NULL;
    return Py_BuildValue("(NONNN)", text_of(in, uri), enveloped ? Py_True : Py_False,
                         formed ? text_of(in, form) : Py_NewRef(Py_None), text_of(in, method),
                         digest);
}

static PyObject *references_of(const Source *in, const Entry **references, int count)
{
    PyObject *all = PyTuple_New(count);
    for (int place = 0; all && place < count; place++) {
        PyObject *one = reference_of(in, references[place]);
        if (one) PyTuple_SET_ITEM(all, place, one);
        else Py_CLEAR(all);
    }
    return all;
}

/* The certificates of one `ds:X509Data`, beside which only names stand. */
static PyObject *certificates_of(const Source *in, const Entry *key_info, Py_ssize_t most,
                                 Py_ssize_t longest)
{
    const Entry *data, *parts[MAX_CHILDREN];
    if (children_of(in, key_info, &data, 1) != 1 || !is_ds(in, data, "X509Data")) return NULL;
    int count = children_of(in, data, parts, MAX_CHILDREN);
    PyObject *all = PyList_New(0);
    for (int place = 0; all && place < count; place++) {
        if (is_ds(in, parts[place], "X509SubjectName")) continue;
        PyObject *one = is_ds(in, parts[place], "X509Certificate") && PyList_GET_SIZE(all) < most
                            ? base64_of(in, parts[place], longest) : NULL;
        if (!one || PyList_Append(all, one)) Py_CLEAR(all);
        Py_XDECREF(one);
    }
    PyObject *tuple = all && PyList_GET_SIZE(all) ? PyList_AsTuple(all) : NULL;
    Py_XDECREF(all);
    return tuple;
}

static PyObject *elements_of(const Source *in, const Entry **entries, int count)
{
    PyObject *all = PyTuple_New(count);
    for (int place = 0; all && place < count; place++) {
        PyObject *one = element_of(in->table, entries[place]);
        if (one) PyTuple_SET_ITEM(all, place, one);
        else Py_CLEAR(all);
    }
    return all;
}

static uint8_t place_of_ds(const Table *table)
{
    Py_ssize_t length;
    for (uint8_t place = 1; place <= PyTuple_GET_SIZE(table->namespaces); place++) {
        const char *name = name_of_namespace(table, place, &length);
        if (length == sizeof DS - 1 && !memcmp(name, DS, length)) return place;
    }
    return 0;
}

/* Read the parts of a ds:Signature within a number of references and certificates and a length of
 * their text; None where it is not plain. */
PyObject *signature(PyObject *module, PyObject *arguments)
{
    Element *element;
    Py_ssize_t most_references, most_certificates, longest;
    if (!PyArg_ParseTuple(arguments, "O!nnn", &element_type, &element, &most_references,
                          &most_certificates, &longest))
        return NULL;
    Source source = {element->table, place_of_ds(element->table)}, *in = &source;
    const Entry *parts[MAX_CHILDREN], *said[MAX_CHILDREN];
    Range form, method;
    PyObject *references = NULL, *certificates = NULL, *value = NULL;
    int count = children_of(in, element->entry, parts, MAX_CHILDREN);
    int plain = in->ds && count >= 3 && is_ds(in, parts[0], "SignedInfo") &&
                is_ds(in, parts[1], "SignatureValue") && is_ds(in, parts[2], "KeyInfo");
    for (int place = 3; plain && place < count; place++) plain = is_ds(in, parts[place], "Object");
    int statements = plain ? children_of(in, parts[0], said, MAX_CHILDREN) : 0;
    if (statements >= 3 && statements - 2 <= most_references &&
        algorithm_of(in, said[0], "CanonicalizationMethod", &form) &&
        algorithm_of(in, said[1], "SignatureMethod", &method) &&
        (references = references_of(in, said + 2, statements - 2)) &&
        (certificates = certificates_of(in, parts[2], most_certificates, longest)) &&
        (value = base64_of(in, parts[1], longest))) {
        parts[2] = parts[0]; /* the only one whose element is needed, with the objects behind it */
        return Py_BuildValue("(NNNNNN)", elements_of(in, parts + 2, count - 2), text_of(in, form),
                             text_of(in, method), value, references, certificates);
    }
    Py_XDECREF(references);
    Py_XDECREF(certificates);
    Py_XDECREF(value);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}
