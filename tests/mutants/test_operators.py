"""A mutant is one function with one fault, and its name stays the same when lines move."""

from types import FunctionType

from tests.mutants.operators import mutants_of
from tests.mutants.run import equivalents

SOURCE = '''
LIMIT = 3

def few(numbers):
    """Tell whether there are few."""
    if not numbers:
        return False
    return len(numbers) < 3 and all(numbers)
'''


def test_every_fault_changes_the_one_function_and_nothing_else() -> None:
    changes = {}
    for mutant in mutants_of("vidu", SOURCE, "vidu.py"):
        assert mutant.function == "few"
        few = FunctionType(mutant.code, globals())
        changes[mutant.change] = [few([]), few([1, 1]), few([1, 1, 1]), few([0, 1])]
    assert changes == {
        "not numbers -> not not numbers #1": [True, False, False, False],
        "False -> True #1": [True, True, False, False],
        "len(numbers) < 3 and all(numbers) -> len(numbers) < 3 or all(numbers) #1": [
            False,
            True,
            True,
            True,
        ],
        "len(numbers) < 3 -> len(numbers) <= 3 #1": [False, True, True, False],
        "3 -> 4 #1": [False, True, True, False],
        "all(numbers) -> any(numbers) #1": [False, True, False, True],
    }


def test_a_name_outlives_a_move() -> None:
    names = [mutant.name for mutant in mutants_of("vidu", SOURCE, "vidu.py")]
    assert len(set(names)) == len(names)
    moved = [mutant.name for mutant in mutants_of("vidu", f"\n\n{SOURCE}", "vidu.py")]
    assert moved == names


def test_every_known_equivalent_names_its_module_and_function() -> None:
    assert all(": " in name and " -> " in name for name in equivalents())
