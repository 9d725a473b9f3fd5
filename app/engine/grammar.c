/* Whether a plain document surely follows a schema, by the tables of app.transcripts.grammar.
 *
 * The tables take less than the schema does: what they take is valid, whatever else only libxml2
 * knows. They are built by our own code, and checked here once so that no number in them leads
 * outside.
 */
#include "engine.h"

enum { NOTHING = -2, ELEMENTS = -1, SYMBOLS = 256 };

typedef struct {
    const char *name;
    Py_ssize_t length, ns;
    int next, type;
} Transition;

typedef struct {
    int accepting;
    Py_ssize_t first, count; /* transitions */
} State;

typedef struct {
    const char *name;
    Py_ssize_t length;
    int value, required;
} Attribute;

typedef struct {
    int content;                                 /* one of the above, or the value of its text */
    Py_ssize_t first_attribute, attributes, required;
    Py_ssize_t first_state, states;
} Type;

typedef struct {
    Py_ssize_t most; /* characters, -1 for any number */
    const unsigned char *accepting, *table; /* NULL where any text will do */
} Value;

typedef struct {
    PyObject_HEAD
    PyObject *tables; /* owns every octet that is pointed to */
    Py_ssize_t values, types, count_states, count_transitions, count_attributes;
    Value *value;
    Type *type;
    State *state;
    Transition *transition;
    Attribute *attribute;
    Transition root;
} Grammar;

static void grammar_dealloc(PyObject *self)
{
    Grammar *grammar = (Grammar *)self;
    Py_XDECREF(grammar->tables);
    PyMem_Free(grammar->value);
    PyMem_Free(grammar->type);
    PyMem_Free(grammar->state);
    PyMem_Free(grammar->transition);
    PyMem_Free(grammar->attribute);
    PyObject_Free(self);
}

PyTypeObject grammar_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "app.engine._engine.Grammar",
    .tp_basicsize = sizeof(Grammar),
    .tp_dealloc = grammar_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

/* As PyArg_ParseTuple, for what need not be a tuple. */
static int take(PyObject *said, const char *format, ...)
{
    va_list parts;
    if (!PyTuple_Check(said)) {
        PyErr_SetString(PyExc_TypeError, "a tuple is needed");
        return 0;
    }
    va_start(parts, format);
    int taken = PyArg_VaParse(said, format, parts);
    va_end(parts);
    return taken;
}

static int fill_value(Grammar *grammar, Py_ssize_t place, PyObject *said)
{
    Value *value = grammar->value + place;
    PyObject *automaton;
    const char *accepting, *table;
    Py_ssize_t states, octets;
    if (!take(said, "nO", &value->most, &automaton)) return 0;
    if (automaton == Py_None) return 1;
    if (!take(automaton, "y#y#", &accepting, &states, &table, &octets)) return 0;
    int sound = states >= 2 && states <= SYMBOLS && octets == states * SYMBOLS;
    for (Py_ssize_t each = 0; sound && each < octets; each++)
        sound = (unsigned char)table[each] < states;
    value->accepting = (const unsigned char *)accepting;
    value->table = (const unsigned char *)table;
    return sound;
}

static int name_symbol(const Grammar *grammar, PyObject *symbols, Py_ssize_t symbol,
                       Transition *named)
{
    Py_ssize_t namespaces = PyTuple_GET_SIZE(PyTuple_GET_ITEM(grammar->tables, 0));
    return symbol >= 0 && symbol < PyTuple_GET_SIZE(symbols) &&
           take(PyTuple_GET_ITEM(symbols, symbol), "ny#", &named->ns, &named->name,
                            &named->length) &&
           named->ns >= 0 && named->ns < namespaces;
}

static int fill_state(Grammar *grammar, PyObject *symbols, PyObject *said, Type *type)
{
    PyObject *transitions;
    State *state = grammar->state + grammar->count_states++;
    if (!take(said, "pO!", &state->accepting, &PyTuple_Type, &transitions)) return 0;
    state->first = grammar->count_transitions;
    state->count = PyTuple_GET_SIZE(transitions);
    for (Py_ssize_t each = 0; each < state->count; each++) {
        Transition *one = grammar->transition + grammar->count_transitions++;
        Py_ssize_t symbol;
        if (!take(PyTuple_GET_ITEM(transitions, each), "nii", &symbol, &one->next,
                              &one->type) ||
            !name_symbol(grammar, symbols, symbol, one) || one->next < 0 || one->next >= type->states ||
            one->type < 0 || one->type >= grammar->types)
            return 0;
    }
    return 1;
}

static int fill_type(Grammar *grammar, PyObject *symbols, Py_ssize_t place, PyObject *said)
{
    PyObject *attributes, *states;
    Type *type = grammar->type + place;
    if (!take(said, "iO!O!", &type->content, &PyTuple_Type, &attributes, &PyTuple_Type,
                          &states) ||
        type->content < NOTHING || type->content >= grammar->values)
        return 0;
    type->first_attribute = grammar->count_attributes;
    type->attributes = PyTuple_GET_SIZE(attributes);
    for (Py_ssize_t each = 0; each < type->attributes; each++) {
        Attribute *one = grammar->attribute + grammar->count_attributes++;
        if (!take(PyTuple_GET_ITEM(attributes, each), "y#ip", &one->name, &one->length,
                              &one->value, &one->required) ||
            one->value < 0 || one->value >= grammar->values)
            return 0;
        type->required += one->required;
    }
    type->first_state = grammar->count_states;
    type->states = PyTuple_GET_SIZE(states);
    for (Py_ssize_t each = 0; each < type->states; each++)
        if (!fill_state(grammar, symbols, PyTuple_GET_ITEM(states, each), type)) return 0;
    return type->states > 0;
}

/* How many states, transitions and attributes all types have together; 0 where one is no type. */
static int count_parts(PyObject *types, Py_ssize_t *states, Py_ssize_t *transitions,
                       Py_ssize_t *attributes)
{
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(types); place++) {
        int content, accepting;
        PyObject *listed, *each, *out;
        if (!take(PyTuple_GET_ITEM(types, place), "iO!O!", &content, &PyTuple_Type,
                              &listed, &PyTuple_Type, &each))
            return 0;
        *attributes += PyTuple_GET_SIZE(listed);
        *states += PyTuple_GET_SIZE(each);
        for (Py_ssize_t state = 0; state < PyTuple_GET_SIZE(each); state++) {
            if (!take(PyTuple_GET_ITEM(each, state), "pO!", &accepting, &PyTuple_Type,
                                  &out))
                return 0;
            *transitions += PyTuple_GET_SIZE(out);
        }
    }
    return 1;
}

static int fill(Grammar *grammar, PyObject *symbols, PyObject *values, PyObject *types)
{
    Py_ssize_t states = 0, transitions = 0, attributes = 0;
    if (!count_parts(types, &states, &transitions, &attributes)) return 0;
    grammar->values = PyTuple_GET_SIZE(values);
    grammar->types = PyTuple_GET_SIZE(types);
    grammar->value = PyMem_Calloc(grammar->values, sizeof *grammar->value);
    grammar->type = PyMem_Calloc(grammar->types, sizeof *grammar->type);
    grammar->state = PyMem_Calloc(states, sizeof *grammar->state);
    grammar->transition = PyMem_Calloc(transitions, sizeof *grammar->transition);
    grammar->attribute = PyMem_Calloc(attributes, sizeof *grammar->attribute);
    if (!grammar->value || !grammar->type || !grammar->state || !grammar->transition ||
        !grammar->attribute)
        return PyErr_NoMemory() != NULL;
    for (Py_ssize_t place = 0; place < grammar->values; place++)
        if (!fill_value(grammar, place, PyTuple_GET_ITEM(values, place))) return 0;
    for (Py_ssize_t place = 0; place < grammar->types; place++)
        if (!fill_type(grammar, symbols, place, PyTuple_GET_ITEM(types, place))) return 0;
    return 1;
}

/* Take the tables of app.transcripts.grammar over. */
PyObject *grammar(PyObject *module, PyObject *tables)
{
    PyObject *namespaces, *symbols, *values, *types;
    Py_ssize_t symbol;
    Grammar *made = PyObject_New(Grammar, &grammar_type);
    if (!made) return NULL;
    *made = (Grammar){.ob_base = made->ob_base, .tables = Py_NewRef(tables)};
    if (take(tables, "O!O!O!O!(ni)", &PyTuple_Type, &namespaces, &PyTuple_Type, &symbols,
                         &PyTuple_Type, &values, &PyTuple_Type, &types, &symbol, &made->root.type) &&
        PyTuple_GET_SIZE(namespaces) <= MAX_NAMESPACES && fill(made, symbols, values, types) &&
        name_symbol(made, symbols, symbol, &made->root) && made->root.type >= 0 &&
        made->root.type < made->types)
        return (PyObject *)made;
    Py_DECREF(made);
    return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "a number leads outside");
}

/* --- Following a document. */

typedef struct {
    const Table *table;
    const Grammar *grammar;
    Py_ssize_t ns[MAX_NAMESPACES + 1]; /* the grammar's number of each namespace of the document */
} Case;

typedef struct {
    const Entry *entry;
    const Type *type;
    int state;
} Frame;

static int accepts(const Value *value, const char *at, uint32_t length)
{
    Py_ssize_t characters = length;
    if (value->most >= 0 && characters > value->most)
        for (uint32_t place = 0; place < length; place++)
            characters -= (at[place] & 0xC0) == 0x80;
    if (value->most >= 0 && characters > value->most) return 0;
    if (!value->table) return 1;
    unsigned int state = 1;
    for (uint32_t place = 0; state && place < length; place++)
        state = value->table[state * SYMBOLS + (unsigned char)at[place]];
    return value->accepting[state];
}

/* A reference is longer than what it stands for, so that one may stand in a text of any form. */
static int text_fits(const Case *in, const Entry *entry, int place)
{
    const Value *value = in->grammar->value + place;
    return !entry->parent_of && !(entry->referred && value->table) &&
           accepts(value, in->table->at + entry->text, entry->closed - entry->text);
}

static int attribute_fits(const Case *in, const Type *type, Range name, Range value,
                          Py_ssize_t *required)
{
    const char *at = in->table->at;
    for (Py_ssize_t place = 0; place < type->attributes; place++) {
        const Attribute *one = in->grammar->attribute + type->first_attribute + place;
        if (one->length != name.end - name.begin || memcmp(one->name, at + name.begin, one->length))
            continue;
        *required += one->required;
        return !memchr(at + value.begin, '&', value.end - value.begin) &&
               accepts(in->grammar->value + one->value, at + value.begin, value.end - value.begin);
    }
    return 0;
}

static int element_fits(const Case *in, const Entry *entry, const Type *type)
{
    Range name, value;
    Py_ssize_t required = 0;
    for (uint32_t place = entry->named; entry->attributed;) {
        if (!next_attribute(in->table, entry, &place, &name, &value)) break;
        if (!declares(in->table->at + name.begin, name.end - name.begin) &&
            !attribute_fits(in, type, name, value, &required))
            return 0;
    }
    if (required != type->required) return 0;
    if (type->content >= 0) return text_fits(in, entry, type->content);
    return !entry->said && (type->content == ELEMENTS || entry->text == entry->closed);
}

static int is_named(const Case *in, const Entry *entry, const Transition *named)
{
    return in->ns[entry->ns] == named->ns &&
           is_local(in->table, entry, named->name, named->length);
}

static const State *state_of(const Case *in, const Frame *frame)
{
    return in->grammar->state + frame->type->first_state + frame->state;
}

/* Take one element into the open one above it; NULL where none of its name may stand there. */
static const Type *follow(const Case *in, Frame *above, const Entry *entry)
{
    const State *state = state_of(in, above);
    for (Py_ssize_t place = 0; place < state->count; place++) {
        const Transition *one = in->grammar->transition + state->first + place;
        if (!is_named(in, entry, one)) continue;
        above->state = one->next;
        return in->grammar->type + one->type;
    }
    return NULL;
}

static int document_fits(const Case *in)
{
    const Table *table = in->table;
    Frame open[MAX_DEPTH];
    int depth = 0;
    for (const Entry *entry = table->entries; entry < table->entries + table->count; entry++) {
        while (depth && open[depth - 1].entry != parent(table, entry))
            if (!state_of(in, &open[--depth])->accepting) return 0;
        const Type *type = depth ? follow(in, &open[depth - 1], entry)
                                 : in->grammar->type + in->grammar->root.type;
        if (!type || !element_fits(in, entry, type)) return 0;
        open[depth++] = (Frame){.entry = entry, .type = type};
    }
    while (depth)
        if (!state_of(in, &open[--depth])->accepting) return 0;
    return 1;
}

/* Say whether the document of a root element surely follows a grammar. */
PyObject *fits(PyObject *module, PyObject *arguments)
{
    Element *root;
    Grammar *grammar;
    PyObject *namespaces;
    if (!PyArg_ParseTuple(arguments, "O!O!", &element_type, &root, &grammar_type, &grammar))
        return NULL;
    Case in = {.table = root->table, .grammar = grammar};
    namespaces = PyTuple_GET_ITEM(grammar->tables, 0);
    for (Py_ssize_t place = 1; place <= PyTuple_GET_SIZE(in.table->namespaces); place++) {
        PyObject *name = PyTuple_GET_ITEM(in.table->namespaces, place - 1);
        in.ns[place] = -1;
        for (Py_ssize_t known = 1; known < PyTuple_GET_SIZE(namespaces); known++) {
            int same = PyObject_RichCompareBool(PyTuple_GET_ITEM(namespaces, known), name, Py_EQ);
            if (same < 0) return NULL;
            if (same) in.ns[place] = known;
        }
    }
    int whole = root->entry == in.table->entries && is_named(&in, root->entry, &grammar->root);
    return PyBool_FromLong(whole && document_fits(&in));
}
