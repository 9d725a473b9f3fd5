/* The engine as a module of Python. */
#include "engine.h"

static PyMethodDef functions[] = {
    {"canonical", canonical, METH_VARARGS,
     "canonical(element, exclusive)\n--\n\n"
     "Return the canonical octets of an element's subtree; None where it is not plain."},
    {"fits", fits, METH_VARARGS,
     "fits(root, grammar)\n--\n\nSay whether a document surely follows a grammar."},
    {"grammar", grammar, METH_O,
     "grammar(tables)\n--\n\nTake the tables of app.transcripts.grammar over."},
    {"quicken", quicken, METH_VARARGS,
     "quicken(type, names, defaults)\n--\n\n"
     "Let calls with keywords fill the slots of a class; a default of Ellipsis is none."},
    {"read", read_document, METH_VARARGS,
     "read(octets, namespaces, depth, elements, attributes, declarations, prefixes, text)\n--\n\n"
     "Read a document within limits as its root Element; None where it is not plain."},
    {"signature", signature, METH_VARARGS,
     "signature(element, references, certificates, characters)\n--\n\n"
     "Read a ds:Signature within limits; None where it is not plain."},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "app.engine._engine", NULL, -1, functions,
};

PyMODINIT_FUNC PyInit__engine(void)
{
    prepare_base64();
    prepare_reader();
    PyObject *module = PyModule_Create(&definition);
    if (module && !prepare_elements(module) && !prepare_records() && !prepare_values() &&
        !PyType_Ready(&grammar_type))
        return module;
    Py_XDECREF(module);
    return NULL;
}
