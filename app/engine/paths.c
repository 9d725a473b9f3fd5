/* Paths to elements: names, `{namespace}name` or `*`, with slashes between. */
#include "engine.h"

Step step_of(const Table *table, const char **path)
{
    Step step = {0};
    const char *at = *path;
    if (*at == '{') {
        const char *end = strchr(++at, '}');
        step.ns = -1;
        if (!end) end = at + strlen(at);
        for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(table->namespaces); place++) {
            PyObject *known = PyTuple_GET_ITEM(table->namespaces, place);
            if (PyBytes_GET_SIZE(known) == end - at &&
                !memcmp(PyBytes_AS_STRING(known), at, end - at))
                step.ns = place + 1;
        }
        at = *end ? end + 1 : end;
    }
    step.name = at;
    step.length = strcspn(at, "/");
    step.any = step.length == 1 && *at == '*';
    *path = at + step.length + (at[step.length] == '/');
    return step;
}

int matches(const Table *table, const Entry *entry, const Step *step)
{
    return step->any || (entry->ns == step->ns && is_local(table, entry, step->name, step->length));
}

/* Count the elements at a path below an element and give the first; list them all where a list is
 * given, and stop at the first where only one is wanted. -1 with an exception. */
Py_ssize_t find_at(Table *table, const Entry *above, const char *path, const Entry **found,
                          PyObject *list, int only_one)
{
    Step step = step_of(table, &path);
    Py_ssize_t count = 0;
    for (const Entry *each = first_child(above); each; each = sibling(table, each)) {
        if (!matches(table, each, &step)) continue;
        if (*path) {
            Py_ssize_t deeper = find_at(table, each, path, found, list, only_one);
            if (deeper < 0) return -1;
            count += deeper;
        } else {
            count++;
            if (!*found) *found = each;
            PyObject *one = list ? element_of(table, each) : NULL;
            if (list && (!one || PyList_Append(list, one))) {
                Py_XDECREF(one);
                return -1;
            }
            Py_XDECREF(one);
        }
        if (count && only_one) break;
    }
    return count;
}
