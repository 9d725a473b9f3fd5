/* What the sources of the engine share: a document as one table of its elements.
 *
 * The engine reads documents that are plain, which nearly every document is: UTF-8 whose elements
 * and attributes have ASCII names, with double quotes and none but the usual references. It answers
 * None for everything else: then its twins in Python decide, on libxml2's tree. Nothing here refuses
 * a document or words a finding.
 *
 * Octets are read by index within their length; what is kept of them are such indices. Whatever a
 * document can make grow is bounded by a limit that the caller names or by the document's size.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum {
    MAX_DEPTH = 64,       /* levels of elements; the reader in Python takes 32 */
    MAX_ATTRIBUTES = 32,  /* of one element, declarations included */
    MAX_NAMESPACES = 16,  /* declarations in scope at one place */
    MAX_CHILDREN = 80,    /* of one element of a signature: 64 references and a few more */
};

typedef struct {
    uint32_t begin, end;
} Range;

/* One element. All numbers but `above`, `next` and `declared` are places in the octets. */
typedef struct {
    uint32_t name, local, named; /* where the name begins, without its prefix, and where it ends */
    uint32_t end_of_tag;         /* of ">" or "/>" of the start tag */
    uint32_t text, closed;       /* where the content begins, and where it ends */
    uint32_t above, next;        /* the parent and the next sibling; 0 for none */
    uint32_t declared;           /* the first of its declarations of namespaces */
    uint8_t declarations;        /* how many it has */
    uint8_t ns;                  /* the namespace of its name, 0 for none */
    uint8_t parent_of : 1;       /* has child elements, the first of which is the next entry */
    uint8_t empty : 1;           /* is written as one tag */
    uint8_t attributed : 1;      /* has attributes besides declarations */
    uint8_t canonical : 1;       /* its start tag is as canonicalization writes it */
    uint8_t said : 1;            /* text that is not white space stands directly inside */
    uint8_t referred : 1;        /* references stand directly inside */
    uint8_t escaped : 1;         /* its own text is not as canonicalization writes it */
} Entry;

typedef struct {
    Range prefix;
    uint8_t ns;
} Declaration;

typedef struct {
    PyObject_HEAD
    PyObject *octets;     /* bytes */
    PyObject *namespaces; /* tuple of bytes; an `ns` is a place in it, from 1 */
    const char *at;
    uint32_t size, count, room, declarations, room_declared;
    Entry *entries;
    Declaration *declared;
} Table;

typedef struct {
    PyObject_HEAD
    Table *table;
    const Entry *entry;
} Element;

/* One step of a path: `ns` is -1 for a namespace that no element here has. */
typedef struct {
    int any;
    Py_ssize_t ns;
    const char *name;
    size_t length;
} Step;

extern PyTypeObject table_type, element_type, grammar_type;
extern PyObject *unplain;

int prepare_elements(PyObject *module);
int prepare_records(void);
int prepare_values(void);
PyObject *read_document(PyObject *module, PyObject *arguments);
PyObject *canonical(PyObject *module, PyObject *arguments);
PyObject *signature(PyObject *module, PyObject *arguments);
PyObject *grammar(PyObject *module, PyObject *tables);
PyObject *fits(PyObject *module, PyObject *arguments);
PyObject *quicken(PyObject *module, PyObject *arguments);
void prepare_base64(void);
void prepare_reader(void);

PyObject *attribute_of(PyObject *self, PyObject *name);
PyObject *child_at(PyObject *self, PyObject *path);
PyObject *misfit(PyObject *self, PyObject *const *arguments, Py_ssize_t count);
PyObject *optional_at(PyObject *self, PyObject *path);
PyObject *text_at(PyObject *self, PyObject *path);

PyObject *element_of(Table *table, const Entry *entry);
int find_attribute(const Table *table, const Entry *entry, PyObject *wanted, Range *value);
Step step_of(const Table *table, const char **path);
int matches(const Table *table, const Entry *entry, const Step *step);
Py_ssize_t find_at(Table *table, const Entry *above, const char *path, const Entry **found,
                   PyObject *list, int only_one);
uint32_t reference_at(const char *at, uint32_t size, char *octet);
int next_attribute(const Table *table, const Entry *entry, uint32_t *place, Range *name,
                   Range *value);
PyObject *decoded(const char *at, Py_ssize_t size);
int declares(const char *name, uint32_t length);

static inline const Entry *first_child(const Entry *entry)
{
    return entry->parent_of ? entry + 1 : NULL;
}

static inline const Entry *sibling(const Table *table, const Entry *entry)
{
    return entry->next ? table->entries + entry->next : NULL;
}

static inline const Entry *parent(const Table *table, const Entry *entry)
{
    return entry == table->entries ? NULL : table->entries + entry->above;
}

static inline int is_space(char octet)
{
    return octet == ' ' || octet == '\n' || octet == '\t';
}

static inline int is_local(const Table *table, const Entry *entry, const char *name, size_t length)
{
    return entry->named - entry->local == length && !memcmp(table->at + entry->local, name, length);
}

static inline const char *name_of_namespace(const Table *table, uint8_t ns, Py_ssize_t *length)
{
    PyObject *name = PyTuple_GET_ITEM(table->namespaces, ns - 1);
    *length = PyBytes_GET_SIZE(name);
    return PyBytes_AS_STRING(name);
}
