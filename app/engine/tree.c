/* Trees in C: canonical octets and the shape of signatures.
 *
 * Each function is the twin of the Python that stands beside its call. It answers for what is
 * plain, which nearly every document is, and returns None for everything else: then its twin
 * decides. Nothing here refuses a document or words a finding.
 *
 * Trees are read through lxml's public C interface and never changed; no pointer into one outlives
 * a call. Whatever a document can make grow is bounded by a constant or by the document's size.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <libxml/tree.h>
#include <string.h>
#include "lxml.etree_api.h"

#define DS "http://www.w3.org/2000/09/xmldsig#"

enum {
    MAX_DEPTH = 64,       /* levels below an apex; the reader takes 32 */
    MAX_ATTRIBUTES = 32,  /* of one element, as the reader takes */
    MAX_NAMESPACES = 16,  /* declarations that are open at one place */
    FIRST_SIZE = 4096,    /* octets: a usual line or SignedInfo fits */
    MAX_CHILDREN = 80,    /* of one element of a signature: 64 references and a few more */
};

static PyTypeObject *element_type; /* lxml.etree._Element, never released */

static int same(const xmlChar *one, const char *other) { return !strcmp((const char *)one, other); }

static xmlNode *node_of(PyObject *object)
{
    xmlNode *node = NULL;
    if (PyObject_TypeCheck(object, element_type)) node = ((struct LxmlElement *)object)->_c_node;
    if (!node || node->type != XML_ELEMENT_NODE) {
        PyErr_SetString(PyExc_TypeError, "an element of a tree is needed");
        return NULL;
    }
    return node;
}

/* --- Canonical octets: C14N 1.0, 1.1 and exclusive, where no default namespace is declared and no
 * attribute is in a namespace. */

typedef struct {
    PyObject *octets; /* bytes, longer than what is used of them */
    size_t used, size;
    int exclusive, depth, rendered;
    const xmlNs *stack[MAX_NAMESPACES]; /* rendered by the elements that are open */
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

static int put_text(Writer *to, const void *text) { return put(to, text, strlen(text)); }

/* C14N 1.0 section 2.3. */
static int put_escaped(Writer *to, const xmlChar *text, const char *special)
{
    for (const char *at = (const char *)text;; at++) {
        size_t plain = strcspn(at, special);
        if (!put(to, at, plain)) return 0;
        const char *written;
        switch (*(at += plain)) {
        case '\0': return 1;
        case '&': written = "&amp;"; break;
        case '<': written = "&lt;"; break;
        case '>': written = "&gt;"; break;
        case '"': written = "&quot;"; break;
        case '\t': written = "&#x9;"; break;
        case '\n': written = "&#xA;"; break;
        default: written = "&#xD;"; break;
        }
        if (!put_text(to, written)) return 0;
    }
}

/* Every declaration has a prefix and names an absolute URI that needs no escapes; no attribute is
 * in a namespace (xml:* would be inherited). */
static int is_plain(const xmlNode *node)
{
    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
        const char *uri = (const char *)ns->href;
        if (!ns->prefix || !uri || strncmp(uri, "http://", 7)) return 0;
        for (; *uri; uri++)
            if (!Py_ISALNUM(*uri) && !strchr(":/.#-_", *uri)) return 0;
    }
    for (const xmlAttr *each = node->properties; each; each = each->next)
        if (each->ns) return 0;
    return !node->ns || node->ns->prefix;
}

static int put_namespace(Writer *to, const xmlNs *ns)
{
    for (int place = to->rendered; place-- > 0;) {
        if (!same(to->stack[place]->prefix, (const char *)ns->prefix)) continue;
        if (same(to->stack[place]->href, (const char *)ns->href)) return 1;
        break;
    }
    if (to->rendered == MAX_NAMESPACES) return 0;
    to->stack[to->rendered++] = ns;
    return put_text(to, " xmlns:") && put_text(to, ns->prefix) && put_text(to, "=\"") &&
           put_text(to, ns->href) && put_text(to, "\"");
}

/* libxml2 may write a declaration anew that repeats one that is open: what repeats is not plain. */
static int repeats(const Writer *to, const xmlNode *node)
{
    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
        for (int place = 0; place < to->rendered; place++)
            if (same(to->stack[place]->prefix, (const char *)ns->prefix)) return 1;
    return 0;
}

/* The declarations that an element must bear: all in scope, or the one that its name uses. */
static int put_namespaces(Writer *to, const xmlNode *node, int apex)
{
    if (to->exclusive) return !node->ns || put_namespace(to, node->ns);
    const xmlNs *known[MAX_NAMESPACES];
    int count = 0;
    for (; node && node->type == XML_ELEMENT_NODE; node = apex ? node->parent : NULL) {
        for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
            int place = 0, order = 1;
            while (place < count && (order = strcmp((const char *)known[place]->prefix,
                                                    (const char *)ns->prefix)) < 0)
                place++;
            if (place < count && !order) continue; /* one nearer to the apex has this prefix */
            if (count == MAX_NAMESPACES) return 0;
            memmove(known + place + 1, known + place, (count++ - place) * sizeof *known);
            known[place] = ns;
        }
    }
    for (int place = 0; place < count; place++)
        if (!put_namespace(to, known[place])) return 0;
    return 1;
}

static int put_attributes(Writer *to, const xmlNode *node)
{
    const xmlAttr *sorted[MAX_ATTRIBUTES];
    int count = 0;
    for (const xmlAttr *each = node->properties; each; each = each->next) {
        int place = count;
        if (count == MAX_ATTRIBUTES) return 0;
        for (; place && strcmp((const char *)sorted[place - 1]->name, (const char *)each->name) > 0;
             place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = each;
        count++;
    }
    for (int place = 0; place < count; place++) {
        if (!put_text(to, " ") || !put_text(to, sorted[place]->name) || !put_text(to, "=\""))
            return 0;
        for (const xmlNode *part = sorted[place]->children; part; part = part->next)
            if (part->type != XML_TEXT_NODE || !part->content ||
                !put_escaped(to, part->content, "&<\"\t\n\r"))
                return 0;
        if (!put_text(to, "\"")) return 0;
    }
    return 1;
}

static int put_name(Writer *to, const xmlNode *node)
{
    return (!node->ns || (put_text(to, node->ns->prefix) && put_text(to, ":"))) &&
           put_text(to, node->name);
}

static int put_element(Writer *to, const xmlNode *node, int apex)
{
    int rendered = to->rendered;
    if (++to->depth > MAX_DEPTH || !is_plain(node) || repeats(to, node)) return 0;
    if (!put_text(to, "<") || !put_name(to, node) || !put_namespaces(to, node, apex) ||
        !put_attributes(to, node) || !put_text(to, ">"))
        return 0;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE) {
            if (!put_element(to, child, 0)) return 0;
        } else if (child->type != XML_TEXT_NODE || !child->content ||
                   !put_escaped(to, child->content, "&<>\r")) {
            return 0;
        }
    }
    to->depth--;
    to->rendered = rendered;
    return put_text(to, "</") && put_name(to, node) && put_text(to, ">");
}

static PyObject *octets_of(const xmlNode *apex, int exclusive)
{
    Writer to = {.exclusive = exclusive, .size = FIRST_SIZE};
    int plain = 1;
    for (const xmlNode *above = apex->parent; above && above->type == XML_ELEMENT_NODE;
         above = above->parent)
        plain = plain && is_plain(above);
    if (plain && !(to.octets = PyBytes_FromStringAndSize(NULL, to.size))) return NULL;
    if (plain && put_element(&to, apex, 1)) {
        _PyBytes_Resize(&to.octets, to.used);
        return to.octets;
    }
    Py_XDECREF(to.octets);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(canonical_doc, "canonical(element, exclusive)\n--\n\n"
             "Return the canonical octets of an element's subtree; None where it is not plain.");

static PyObject *canonical(PyObject *module, PyObject *args)
{
    PyObject *element;
    int exclusive;
    if (!PyArg_ParseTuple(args, "Op", &element, &exclusive)) return NULL;
    xmlNode *apex = node_of(element);
    return apex ? octets_of(apex, exclusive) : NULL;
}

/* --- The shape of a signature. */

/* List the child elements; -1 where something else than elements and text stands there. */
static int children_of(const xmlNode *parent, xmlNode **children, int most)
{
    int count = 0;
    for (xmlNode *child = parent->children; child; child = child->next) {
        if (child->type == XML_TEXT_NODE) continue;
        if (child->type != XML_ELEMENT_NODE || count == most) return -1;
        children[count++] = child;
    }
    return count;
}

static int is_ds(const xmlNode *node, const char *name)
{
    return same(node->name, name) && node->ns && node->ns->href && same(node->ns->href, DS);
}

/* An attribute in no namespace; NULL where it is absent or not one text. */
static const char *attribute_of(const xmlNode *node, const char *name)
{
    for (const xmlAttr *each = node->properties; each; each = each->next) {
        if (each->ns || !same(each->name, name)) continue;
        const xmlNode *value = each->children;
        int plain = value && !value->next && value->type == XML_TEXT_NODE;
        return plain ? (const char *)value->content : NULL;
    }
    return NULL;
}

/* An `Algorithm` on an element of this name that holds nothing. */
static const char *algorithm_of(const xmlNode *node, const char *name)
{
    xmlNode *none;
    int plain = is_ds(node, name) && !children_of(node, &none, 1);
    return plain ? attribute_of(node, "Algorithm") : NULL;
}

enum { NO_SYMBOL = 64, WHITE_SPACE, PADDING };
static unsigned char symbols[256]; /* octet -> value of a symbol of base64, or one of these */

static void fill_symbols(void)
{
    static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(symbols, NO_SYMBOL, sizeof symbols);
    for (int value = 0; value < 64; value++) symbols[(unsigned char)known[value]] = value;
    symbols[' '] = symbols['\t'] = symbols['\r'] = symbols['\n'] = WHITE_SPACE;
    symbols['='] = PADDING;
}

/* Decode the text of an element: base64, white space and nothing else, the one encoding of its
 * value. NULL for everything else, with no exception unless memory ran out. */
static PyObject *base64_of(const xmlNode *node, size_t most)
{
    const xmlNode *text = node->children;
    if (!text || text->next || text->type != XML_TEXT_NODE || !text->content) return NULL;
    size_t length = strlen((const char *)text->content), used = 0;
    if (length > most) return NULL;
    PyObject *decoded = PyBytes_FromStringAndSize(NULL, length / 4 * 3 + 3);
    if (!decoded) return NULL;
    unsigned char *to = (unsigned char *)PyBytes_AS_STRING(decoded);
    unsigned int bits = 0, count = 0, padding = 0;
    int plain = 1;
    for (const unsigned char *at = text->content; plain && *at; at++) {
        unsigned int value = symbols[*at];
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
    plain = plain && used && !(count & 3) && padding <= 2 && !(bits & ((1u << 8 * padding) - 1));
    if (plain) _PyBytes_Resize(&decoded, used - padding);
    else Py_CLEAR(decoded);
    return decoded;
}

/* (URI, enveloped, URI of its C14N or None, URI of its digest, digest) */
static PyObject *reference_of(const xmlNode *reference)
{
    xmlNode *parts[3], *transforms[2];
    int count = children_of(reference, parts, 3), steps = 0, enveloped = 0;
    const char *uri = attribute_of(reference, "URI"), *form = NULL;
    if (count < 2 || !uri || !is_ds(reference, "Reference")) return NULL;
    xmlNode **said = parts + (count == 3);
    if (count == 3) {
        steps = children_of(parts[0], transforms, 2);
        if (steps < 0 || !is_ds(parts[0], "Transforms")) return NULL;
    }
    for (int step = 0; step < steps; step++) {
        const char *transform = algorithm_of(transforms[step], "Transform");
        if (!transform || form) return NULL;
        if (!step && !strcmp(transform, DS "enveloped-signature")) enveloped = 1;
        else form = transform;
    }
    const char *method = algorithm_of(said[0], "DigestMethod");
    if (!method || !is_ds(said[1], "DigestValue")) return NULL;
    PyObject *digest = base64_of(said[1], 256);
    if (!digest) return NULL;
    PyObject *cuts = enveloped ? Py_True : Py_False;
    return Py_BuildValue("(sOzsN)", uri, cuts, form, method, digest);
}

static PyObject *references_of(xmlNode **references, int count)
{
    PyObject *all = PyTuple_New(count);
    for (int place = 0; all && place < count; place++) {
        PyObject *one = reference_of(references[place]);
        if (one) PyTuple_SET_ITEM(all, place, one);
        else Py_CLEAR(all);
    }
    return all;
}

/* The certificates of one `ds:X509Data`, beside which only names stand. */
static PyObject *certificates_of(const xmlNode *key_info, Py_ssize_t most, Py_ssize_t longest)
{
    xmlNode *data, *parts[MAX_CHILDREN];
    if (children_of(key_info, &data, 1) != 1 || !is_ds(data, "X509Data")) return NULL;
    int count = children_of(data, parts, MAX_CHILDREN);
    PyObject *all = PyList_New(0);
    for (int place = 0; all && place < count; place++) {
        if (is_ds(parts[place], "X509SubjectName")) continue;
        PyObject *one = is_ds(parts[place], "X509Certificate") && PyList_GET_SIZE(all) < most
                            ? base64_of(parts[place], longest) : NULL;
        if (!one || PyList_Append(all, one)) Py_CLEAR(all);
        Py_XDECREF(one);
    }
    PyObject *tuple = all && PyList_GET_SIZE(all) ? PyList_AsTuple(all) : NULL;
    Py_XDECREF(all);
    return tuple;
}

static PyObject *elements_of(PyObject *signature, xmlNode **nodes, int count)
{
    struct LxmlDocument *document = ((struct LxmlElement *)signature)->_doc;
    PyObject *all = PyTuple_New(count);
    for (int place = 0; all && place < count; place++) {
        PyObject *one = (PyObject *)elementFactory(document, nodes[place]);
        if (one) PyTuple_SET_ITEM(all, place, one);
        else Py_CLEAR(all);
    }
    return all;
}

PyDoc_STRVAR(signature_doc, "signature(element, references, certificates, characters)\n--\n\n"
             "Read a ds:Signature within limits; None where it is not plain.");

static PyObject *signature(PyObject *module, PyObject *args)
{
    PyObject *element;
    Py_ssize_t most_references, most_certificates, longest;
    if (!PyArg_ParseTuple(args, "Onnn", &element, &most_references, &most_certificates, &longest))
        return NULL;
    xmlNode *node = node_of(element), *parts[MAX_CHILDREN], *said[MAX_CHILDREN];
    if (!node) return NULL;
    PyObject *references = NULL, *certificates = NULL, *value = NULL, *elements;
    int count = children_of(node, parts, MAX_CHILDREN), plain = count >= 3;
    for (int place = 3; plain && place < count; place++) plain = is_ds(parts[place], "Object");
    if (!plain || !is_ds(parts[0], "SignedInfo") || !is_ds(parts[1], "SignatureValue") ||
        !is_ds(parts[2], "KeyInfo"))
        goto declined;
    int statements = children_of(parts[0], said, MAX_CHILDREN);
    if (statements < 3 || statements - 2 > most_references) goto declined;
    const char *form = algorithm_of(said[0], "CanonicalizationMethod");
    const char *method = algorithm_of(said[1], "SignatureMethod");
    if (!form || !method || !(references = references_of(said + 2, statements - 2)) ||
        !(certificates = certificates_of(parts[2], most_certificates, longest)) ||
        !(value = base64_of(parts[1], longest)))
        goto declined;
    parts[2] = parts[0]; /* the only one whose element is needed, with the objects behind it */
    if (!(elements = elements_of(element, parts + 2, count - 2))) goto declined;
    return Py_BuildValue("(NssNNN)", elements, form, method, value, references, certificates);
declined:
    Py_XDECREF(references);
    Py_XDECREF(certificates);
    Py_XDECREF(value);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"canonical", canonical, METH_VARARGS, canonical_doc},
    {"signature", signature, METH_VARARGS, signature_doc},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "app.engine._tree", NULL, -1, functions,
};

PyMODINIT_FUNC PyInit__tree(void)
{
    PyObject *etree = import_lxml__etree() ? NULL : PyImport_ImportModule("lxml.etree");
    if (!etree) return NULL;
    fill_symbols();
    element_type = (PyTypeObject *)PyObject_GetAttrString(etree, "_Element");
    PyObject *module = PyModule_Create(&definition);
    if (!element_type || !module)
        return NULL;
    return module;
}
