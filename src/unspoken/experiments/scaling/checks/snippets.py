"""The value of a snippet of Python, worked out by walking its syntax tree: nothing of it is executed.

It knows the small part of the language that the snippets need, and refuses the rest.
"""

import ast
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Names = dict[str, Any]
OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Eq: operator.eq, ast.Lt: operator.lt,
}  # fmt: skip
KNOWN = {"range": range, "sum": sum, "int": int, "math": {"factorial": math.factorial, "gcd": math.gcd}}


class UnknownCode(ValueError):
    """Code that is not understood."""


class _Returned(Exception):
    """What a function gives back."""


@dataclass
class _Function:
    parameters: list[str]
    body: Sequence[ast.stmt]
    names: Names
    is_property: bool = False


@dataclass
class _Object:
    methods: dict[str, _Function]
    values: Names = field(default_factory=dict)


@dataclass
class _Class:
    methods: dict[str, _Function]


def value_of(code: str) -> int:
    """Return what a snippet prints last; where it prints nothing, the value of its last assignment.

    Raises UnknownCode for code of another form.
    """
    walk = _Walk()
    walk.run(ast.parse(code).body, dict(KNOWN))
    if walk.last is None:
        raise UnknownCode("it neither prints nor assigns")
    return walk.last


class _Walk:
    """One walk through a snippet."""

    def __init__(self) -> None:
        self.printed: Any = None
        self.assigned: Any = None

    @property
    def last(self) -> Any:
        return self.assigned if self.printed is None else self.printed

    def run(self, body: Sequence[ast.stmt], names: Names) -> None:
        for statement in body:
            self._statement(statement, names)

    def _statement(self, node: ast.stmt, names: Names) -> None:
        match node:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self._value(value, names), names)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                total = OPERATIONS[type(op)](names[name], self._value(value, names))
                self._assign(node.target, total, names)
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                for one in self._value(over, names):
                    self._assign(target, one, names)
                    self.run(body, names)
            case ast.If(test=test, body=body, orelse=otherwise):
                self.run(body if self._value(test, names) else otherwise, names)
            case ast.Try(body=body, handlers=[ast.ExceptHandler(type=ast.Name(id=kind), body=handled)]):
                try:
                    self.run(body, names)
                except (ZeroDivisionError, ValueError, IndexError) as error:
                    if type(error).__name__ != kind:
                        raise UnknownCode(f"nothing handles {error!r}") from error
                    self.run(handled, names)
            case ast.FunctionDef(name=name):
                names[name] = _function(node, names)
            case ast.ClassDef(name=name, body=body, bases=[]):
                methods = [one for one in body if isinstance(one, ast.FunctionDef)]
                names[name] = _Class({one.name: _function(one, names) for one in methods})
            case ast.Return(value=ast.expr() as value):
                raise _Returned(self._value(value, names))
            case ast.Import(names=[ast.alias(name="math", asname=None)]):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[told])):
                self.printed = self._value(told, names)
            case _:
                raise UnknownCode(ast.unparse(node))

    def _assign(self, target: ast.expr, value: Any, names: Names) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = self.assigned = value
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                names[name].values[attribute] = value
            case _:
                raise UnknownCode(ast.unparse(target))

    def _value(self, node: ast.expr, names: Names) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](self._value(left, names), self._value(right, names))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](self._value(left, names), self._value(right, names))
            case ast.List(elts=elements):
                return [self._value(one, names) for one in elements]
            case ast.Subscript(value=whole, slice=at):
                return self._value(whole, names)[self._value(at, names)]
            case ast.ListComp(elt=made, generators=[ast.comprehension() as over]):
                return list(self._listed(made, over, names))
            case ast.Lambda(args=arguments, body=body):
                return _Function([one.arg for one in arguments.args], [ast.Return(body)], names)
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(self._value(owner, names), name)
            case ast.Call(func=called, args=given, keywords=[]):
                return self._called(self._value(called, names), [self._value(one, names) for one in given])
        raise UnknownCode(ast.unparse(node))

    def _listed(self, made: ast.expr, over: ast.comprehension, names: Names) -> Any:
        for one in self._value(over.iter, names):
            inner = dict(names)
            if isinstance(over.target, ast.Name):
                inner[over.target.id] = one
            if all(self._value(test, inner) for test in over.ifs):
                yield self._value(made, inner)

    def _attribute(self, owner: Any, name: str) -> Any:
        if isinstance(owner, dict):
            return owner[name]
        if not isinstance(owner, _Object):
            raise UnknownCode(f"the attribute {name} of {owner!r}")
        if name in owner.values:
            return owner.values[name]
        method = owner.methods[name]
        bound = _Function(method.parameters[1:], method.body, {**method.names, method.parameters[0]: owner})
        return self._called(bound, []) if method.is_property else bound

    def _called(self, called: Any, given: list[Any]) -> Any:
        if isinstance(called, _Class):
            made = _Object(called.methods)
            self._called(self._attribute(made, "__init__"), given)
            return made
        if not isinstance(called, _Function):
            return called(*given)  # one of KNOWN: there is no other way to get at a callable
        # The names at the time of the call, so that a function can call itself.
        inner = {**called.names, **dict(zip(called.parameters, given, strict=True))}
        before = self.assigned
        try:
            self.run(called.body, inner)
        except _Returned as returned:
            return returned.args[0]
        finally:
            self.assigned = before
        return None


def _function(node: ast.FunctionDef, names: Names) -> _Function:
    marks = [mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)]
    if len(marks) != len(node.decorator_list) or set(marks) - {"property"}:
        raise UnknownCode(f"decorators of {node.name}")
    return _Function([one.arg for one in node.args.args], node.body, names, bool(marks))
