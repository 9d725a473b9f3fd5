import pytest

from app.clients.accounts import Caller, Scope
from app.errors import NotAllowed


def test_a_caller_goes_on_only_with_the_scope_that_it_has() -> None:
    caller = Caller(client_id="pm-mau", name="Mẫu", scopes=frozenset({Scope.PACKAGES_READ}))
    caller.require(Scope.PACKAGES_READ)
    with pytest.raises(NotAllowed) as refused:
        caller.require(Scope.PACKAGES_WRITE)
    assert refused.value.scope == "packages:write"
