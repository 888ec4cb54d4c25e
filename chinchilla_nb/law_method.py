"""Attributes of the fitted law: methods that the class also offers for given parameters, and the parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar, overload

from chinchilla_nb.engine.errors import InputAttributeError

__all__ = ["LawMethod", "LawParameter", "law_method"]

P = ParamSpec("P")
R = TypeVar("R")


class LawMethod(Generic[P, R]):
    """A method of the fitted law; called on the class, it takes the parameters of a law as its last argument.

    Parameters
    ----------
    of_fit : callable
        Called on an instance: ``cc.predict_loss(N, D)``.
    of_params : callable
        Called on the class: ``Chinchilla.predict_loss(N, D, params)``.
    """

    def __init__(self, of_fit: Callable[Concatenate[Any, P], R], of_params: Callable[..., R]) -> None:
        self._of_fit = of_fit
        self._of_params = functools.wraps(of_fit)(of_params)

    @overload
    def __get__(self, cc: None, owner: type) -> Callable[..., R]: ...
    @overload
    def __get__(self, cc: object, owner: type) -> Callable[P, R]: ...
    def __get__(self, cc: object | None, owner: type) -> Callable[..., R]:
        return self._of_params if cc is None else MethodType(self._of_fit, cc)


def law_method(
    of_params: Callable[..., R],
) -> Callable[[Callable[Concatenate[Any, P], R]], LawMethod[P, R]]:
    """Make a method of the fitted law that, called on the class, is another function."""
    return lambda of_fit: LawMethod(of_fit, of_params)


class LawParameter:
    """A parameter of the fitted law, as an attribute of that name.

    Raises
    ------
    InputAttributeError
        If nothing has been fitted, the law has no such parameter, or it is assigned.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, cc: None, owner: type) -> LawParameter: ...
    @overload
    def __get__(self, cc: object, owner: type) -> float: ...
    def __get__(self, cc: Any, owner: type) -> LawParameter | float:
        if cc is None:
            return self
        params: dict[str, float] = cc.params
        if self.name not in params:
            raise InputAttributeError(
                self.name, "is not a parameter of the fitted law", got=", ".join(params), remedy="use .params"
            )
        return params[self.name]

    def __set__(self, _cc: object, _value: object) -> NoReturn:
        remedy = f"fix it in a fit with bounds={{{self.name!r}: ...}}"
        raise InputAttributeError(self.name, "must not be assigned, because the fit determines it", remedy=remedy)
