/* Frozen dataclasses made in C.
 *
 * A frozen dataclass sets every attribute through object.__setattr__, which costs more than all the
 * rest of making it, and a verification makes two hundred. `quicken` lets calls of the class with
 * keywords alone fill its slots directly. Every other call, and every call that lacks a field or
 * names an unknown one, goes the way that the class itself defines.
 */
#include "engine.h"
#include <structmember.h>

enum { MAX_FIELDS = 32 };

/* How a class is made: for each field its name, its default (NULL for none) and its slot. Kept as
 * long as the process lives, like the classes. */
typedef struct {
    PyTypeObject *type;
    Py_ssize_t count;
    PyObject *names[MAX_FIELDS], *defaults[MAX_FIELDS];
    Py_ssize_t slots[MAX_FIELDS];
} Plan;

static PyObject *plan_key; /* where a class keeps its plan */

int prepare_values(void)
{
    plan_key = PyUnicode_InternFromString("__plan__");
    return plan_key ? 0 : -1;
}

static PyObject *make_as_defined(PyObject *type, PyObject *const *given, size_t nargsf,
                                 PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    PyObject *arguments = PyTuple_New(count), *keywords = PyDict_New(), *made = NULL;
    for (Py_ssize_t place = 0; arguments && place < count; place++)
        PyTuple_SET_ITEM(arguments, place, Py_NewRef(given[place]));
    for (Py_ssize_t place = 0; keywords && names && place < PyTuple_GET_SIZE(names); place++)
        if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, place), given[count + place]))
            Py_CLEAR(keywords);
    if (arguments && keywords) made = PyType_Type.tp_call(type, arguments, keywords);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    return made;
}

static const Plan *plan_of(PyTypeObject *type)
{
    PyObject *capsule = PyDict_GetItemWithError(type->tp_dict, plan_key);
    Plan *plan = capsule ? PyCapsule_GetPointer(capsule, NULL) : NULL;
    PyErr_Clear();
    return plan && plan->type == type ? plan : NULL;
}

static PyObject *make(PyObject *object, PyObject *const *given, size_t nargsf, PyObject *names)
{
    PyTypeObject *type = (PyTypeObject *)object;
    const Plan *plan = names && !PyVectorcall_NARGS(nargsf) ? plan_of(type) : NULL;
    if (!plan) return make_as_defined(object, given, nargsf, names);
    Py_ssize_t count = PyTuple_GET_SIZE(names), taken = 0;
    PyObject *values[MAX_FIELDS];
    for (Py_ssize_t field = 0; field < plan->count; field++) {
        /* Most calls name the fields in their order. */
        Py_ssize_t place = taken;
        if (place >= count || PyTuple_GET_ITEM(names, place) != plan->names[field])
            for (place = 0; place < count; place++)
                if (PyTuple_GET_ITEM(names, place) == plan->names[field]) break;
        values[field] = place < count ? given[place] : plan->defaults[field];
        if (!values[field]) return make_as_defined(object, given, nargsf, names);
        taken += place < count;
    }
    if (taken != count) return make_as_defined(object, given, nargsf, names);
    PyObject *made = type->tp_alloc(type, 0);
    for (Py_ssize_t field = 0; made && field < plan->count; field++)
        *(PyObject **)((char *)made + plan->slots[field]) = Py_NewRef(values[field]);
    return made;
}

/* Let calls with keywords fill the slots of a class; a default of Ellipsis is none. */
PyObject *quicken(PyObject *module, PyObject *args)
{
    PyTypeObject *type;
    PyObject *names, *defaults;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyType_Type, &type, &PyTuple_Type, &names,
                          &PyTuple_Type, &defaults))
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    if (PyObject_HasAttrString((PyObject *)type, "__post_init__"))
        return PyErr_Format(PyExc_TypeError, "%R has a __post_init__", type);
    if (count > MAX_FIELDS || count != PyTuple_GET_SIZE(defaults))
        return PyErr_Format(PyExc_ValueError, "%zd fields", count);
    Plan *plan = PyMem_Calloc(1, sizeof *plan);
    if (!plan) return PyErr_NoMemory();
    plan->type = type;
    for (; plan->count < count; plan->count++) {
        PyObject *name = PyTuple_GET_ITEM(names, plan->count);
        PyObject *slot = PyDict_GetItemWithError(type->tp_dict, name);
        PyObject *value = PyTuple_GET_ITEM(defaults, plan->count);
        if (!slot || !Py_IS_TYPE(slot, &PyMemberDescr_Type) || PyDescr_TYPE(slot) != type ||
            ((PyMemberDescrObject *)slot)->d_member->type != T_OBJECT_EX) {
            PyMem_Free(plan);
            return PyErr_Format(PyExc_TypeError, "%R is no slot", name);
        }
        plan->names[plan->count] = Py_NewRef(name);
        plan->defaults[plan->count] = value == Py_Ellipsis ? NULL : Py_NewRef(value);
        plan->slots[plan->count] = ((PyMemberDescrObject *)slot)->d_member->offset;
    }
    PyObject *capsule = PyCapsule_New(plan, NULL, NULL);
    if (!capsule || PyDict_SetItem(type->tp_dict, plan_key, capsule)) return NULL;
    Py_DECREF(capsule);
    PyType_Modified(type);
    type->tp_vectorcall = make;
    Py_RETURN_NONE;
}
