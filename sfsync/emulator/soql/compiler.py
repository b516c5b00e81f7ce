"""Compiles a parsed query into SQL for one org."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.schema import TEXT, ChildRelationship, Schema, SObject
from sfsync.emulator.soql.aggregates import AggregateColumn, Groups, is_aggregate
from sfsync.emulator.soql.conditions import Conditions
from sfsync.emulator.soql.names import Column, Scope, find_object
from sfsync.emulator.soql.refusals import no_such_children, refusal
from sfsync.emulator.soql.rows import Block, Selection
from sfsync.emulator.soql.selects import select_items
from sfsync.emulator.soql.semi_joins import check_semi_join
from sfsync.emulator.soql.syntax import Call, Condition, Operand, Ordering, Path, Query, SemiJoin

MAX_OFFSET = 2000
MAX_SEMI_JOINS = 2


@dataclass(frozen=True)
class RowsPlan:
    """First the ids, in their order; then the rows of some of them."""

    ids_sql: str
    ids_parameters: list[Any]
    block: Block


@dataclass(frozen=True)
class GroupsPlan:
    """The SQL of a grouped query and the columns of its answer."""

    sql: str
    parameters: list[Any]
    columns: list[AggregateColumn]


@dataclass
class Compiler:
    """Compiles the queries of one text; `now` gives date literals their meaning."""

    schema: Schema
    text: str
    now: datetime
    include_deleted: bool
    sobjects_url: str
    _scopes: int = field(default=0, init=False)
    _semi_joins: int = field(default=0, init=False)

    def rows(self, query: Query) -> RowsPlan:
        """Compile a query for records.

        Raises:
            ApiError: as Salesforce words it.
        """
        sobject = find_object(self.schema, self.text, query.source)
        scope = self._scope(sobject, query)
        tests, parameters = self._where(query.where, scope)
        order = self._order(query.order, scope)
        ids_sql = f'SELECT {scope.base.alias}."Id" FROM {scope.source} WHERE {tests} ORDER BY {order}{_window(query)}'
        shown = self._scope(sobject, query)
        key = f'{shown.base.alias}."Id"'
        return RowsPlan(ids_sql, parameters, self._block(query, shown, key, self._living(shown), [], ""))

    def groups(self, query: Query) -> GroupsPlan:
        """Compile a grouped query.

        Raises:
            ApiError: as Salesforce words it.
        """
        scope = self._scope(find_object(self.schema, self.text, query.source), query)
        groups = Groups(scope, query)
        columns = groups.columns(query)
        if not query.grouping:
            for clause, present in (("ORDER BY", query.order), ("LIMIT", query.limit is not None)):
                if present:
                    reason = f"Non-grouped query that uses overall aggregate functions cannot also use {clause}"
                    raise refusal(self.text, query.pos, reason)
        tests, parameters = self._where(query.where, scope)
        having = ""
        if query.having is not None:
            conditions = Conditions(self.text, self.now, groups.resolve, self._no_semi_join, parameters)
            having = f" HAVING {conditions.compile(query.having)}"
        keys = []
        for one in query.order:
            column = groups.resolve(one.operand, "Ordered field must be grouped or aggregated")
            keys.append(_order_key(one, column))
        order = f" ORDER BY {', '.join(keys)}" if keys else ""
        selected = ", ".join(one.sql for one in columns)
        # The joins are known only now: the condition may have added some.
        sql = f"SELECT {selected} FROM {scope.source} WHERE {tests}{groups.clause}{having}{order}{_window(query)}"
        return GroupsPlan(sql, parameters, columns)

    def count(self, query: Query) -> tuple[str, list[Any]]:
        """Compile `SELECT COUNT() FROM ...`."""
        scope = self._scope(find_object(self.schema, self.text, query.source), query)
        if query.order:
            raise refusal(self.text, query.order[0].operand.pos, "COUNT() cannot be used with ORDER BY")
        tests, parameters = self._where(query.where, scope)
        return f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.source} WHERE {tests}{_window(query)})", parameters

    def _scope(self, sobject: SObject, query: Query) -> Scope:
        self._scopes += 1
        alias = query.alias.text if query.alias else None
        return Scope(self.schema, self.text, sobject, alias, f"q{self._scopes}_")

    def _block(self, query: Query, scope: Scope, key: str, tests: str, parameters: list[Any], order: str) -> Block:
        selection = Selection(scope, key, self.sobjects_url)
        children = []
        for item in select_items(self.schema, self.text, scope.sobject, query):
            if isinstance(item, Path):
                selection.add(item)
            else:
                relationship = self._relationship(scope.sobject, item)
                name = str(relationship.name)
                selection.add_children(name, item.source)
                children.append((name, self._child(relationship, item)))
        chosen = f"{key} IN (SELECT value FROM json_each(?)) AND {tests}"
        if order and (query.limit is not None or query.offset):
            number = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order})"
            names = ", ".join(f"{sql} AS c{index}" for index, sql in enumerate(selection.columns))
            first = query.offset or 0
            last = f" AND n <= {first + query.limit}" if query.limit is not None else ""
            inner = f"SELECT {names}, {number} AS n FROM {scope.source} WHERE {chosen}"
            sql = f"SELECT * FROM ({inner}) WHERE n > {first}{last} ORDER BY n"
        else:
            sql = f"SELECT {', '.join(selection.columns)} FROM {scope.source} WHERE {chosen}"
            sql += f" ORDER BY {order}" if order else ""
        return Block(sql, parameters, selection.root, children)

    def _relationship(self, parent: SObject, query: Query) -> ChildRelationship:
        wanted = query.source.text.lower()
        for one in self.schema.children(parent.name):
            if one.name is not None and one.name.lower() == wanted:
                return one
        raise no_such_children(self.text, query.source.pos, query.source.text)

    def _child(self, relationship: ChildRelationship, query: Query) -> Block:
        if is_aggregate(query):
            raise refusal(self.text, query.pos, "Aggregate expressions are not allowed in child relationship queries")
        sobject = self.schema.objects[relationship.child]
        scope = self._scope(sobject, query)
        tests, parameters = self._where(query.where, scope)
        key = f'{scope.base.alias}."{relationship.field}"'
        return self._block(query, scope, key, tests, parameters, self._order(query.order, scope))

    def _where(self, condition: Condition | None, scope: Scope) -> tuple[str, list[Any]]:
        conditions = self._conditions(scope)
        tests = conditions.compile(condition) if condition is not None else "1"
        return f"{tests} AND {self._living(scope)}", conditions.parameters

    def _conditions(self, scope: Scope) -> Conditions:
        def resolve(operand: Operand) -> Column:
            column = self._column(scope, operand)
            if not column.field.filterable:
                reason = f"field '{column.field.name}' can not be filtered in a query call"
                raise refusal(self.text, operand.pos, reason, "INVALID_FIELD")
            if column.field.type == "boolean" and column.table.reference is not None:
                return replace(column, sql=f"IFNULL({column.sql}, 0)")  # no parent counts as false
            return column

        def semi_join(one: SemiJoin, outer: Conditions) -> str:
            return self._semi_join(one, scope, outer)

        return Conditions(self.text, self.now, resolve, semi_join)

    def _column(self, scope: Scope, operand: Operand) -> Column:
        if isinstance(operand, Call):
            raise refusal(self.text, operand.pos, f"unexpected token: '{operand.name}'")
        return scope.column(operand)

    def _semi_join(self, one: SemiJoin, outer_scope: Scope, outer: Conditions) -> str:
        self._semi_joins += 1
        if self._semi_joins > MAX_SEMI_JOINS:
            reason = f"maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed in one query"
            raise refusal(self.text, one.operand.pos, reason)
        column = outer.resolve(one.operand)
        inner_scope = self._scope(find_object(self.schema, self.text, one.query.source), one.query)
        selected = check_semi_join(one, column, outer_scope, inner_scope)
        inner = self._conditions(inner_scope)
        inner.semi_join = self._no_semi_join
        tests = inner.compile(one.query.where) if one.query.where is not None else "1"
        outer.parameters.extend(inner.parameters)
        inner_sql = f"SELECT {selected.sql} FROM {inner_scope.source} WHERE {tests} AND {self._living(inner_scope)}"
        among = f"{column.sql} IN ({inner_sql})"
        return f"NOT IFNULL({among}, 0)" if one.negated else among

    def _no_semi_join(self, one: SemiJoin, _conditions: Conditions) -> str:
        raise refusal(self.text, one.operand.pos, "Nesting of semi join sub-selects is not supported")

    def _living(self, scope: Scope) -> str:
        if self.include_deleted or "IsDeleted" not in scope.sobject.fields:
            return "1"
        return f'{scope.base.alias}."IsDeleted" = 0'

    def _order(self, orderings: tuple[Ordering, ...], scope: Scope) -> str:
        keys = []
        for one in orderings:
            column = self._column(scope, one.operand)
            if not column.field.sortable:
                reason = f"field '{column.field.name}' can not be sorted in a query call"
                raise refusal(self.text, one.operand.pos, reason, "INVALID_FIELD")
            keys.append(_order_key(one, column))
        return ", ".join([*keys, f'{scope.base.alias}."Id"'])


def _order_key(one: Ordering, column: Column) -> str:
    # Text that is an id or a case-sensitive key keeps its own order.
    text = column.field.type in TEXT and not column.field.case_sensitive
    sql = f"sf_sort({column.sql})" if text else column.sql
    if one.descending:
        sql += " DESC"
    if column.field.nillable or column.table.reference is not None:
        sql += " NULLS LAST" if one.nulls_last else " NULLS FIRST"
    return sql


def _window(query: Query) -> str:
    if (query.offset or 0) > MAX_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
    if query.limit is None and not query.offset:
        return ""
    limit = -1 if query.limit is None else query.limit
    return f" LIMIT {limit} OFFSET {query.offset or 0}"
