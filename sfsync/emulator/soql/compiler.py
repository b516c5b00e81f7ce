"""Compiles a parsed query into SQL for one org.

What depends on the moment a query runs at stays open, so that a plan can be kept.
"""

from dataclasses import dataclass, field, replace

from sfsync.emulator.errors import ApiError
from sfsync.emulator.schema import ChildRelationship, Schema, SObject
from sfsync.emulator.soql.aggregates import AggregateColumn, Groups, is_aggregate, is_count
from sfsync.emulator.soql.clauses import check_clauses, scope_test
from sfsync.emulator.soql.conditions import Conditions, caseless
from sfsync.emulator.soql.functions import date_function, is_date_function, label_function
from sfsync.emulator.soql.moments import Calendar, Parameter
from sfsync.emulator.soql.names import Column, Scope, find_object
from sfsync.emulator.soql.refusals import malformed, no_such_children, refusal
from sfsync.emulator.soql.rows import Block
from sfsync.emulator.soql.selection import Selection
from sfsync.emulator.soql.selects import fill
from sfsync.emulator.soql.semi_joins import check_semi_join
from sfsync.emulator.soql.syntax import Call, Operand, Ordering, Query, SemiJoin

MAX_OFFSET = 2000
MAX_SEMI_JOINS = 2
MAX_DEPTH = 5


@dataclass(frozen=True)
class RowsPlan:
    """First the ids, in their order; then the rows of some of them."""

    sobject: str
    ids_sql: str
    parameters: tuple[Parameter, ...]
    block: Block


@dataclass(frozen=True)
class GroupsPlan:
    """The SQL of a grouped query and the columns of its answer."""

    sql: str
    parameters: tuple[Parameter, ...]
    columns: tuple[AggregateColumn, ...]


@dataclass(frozen=True)
class CountPlan:
    """The SQL of `SELECT COUNT() FROM ...`."""

    sql: str
    parameters: tuple[Parameter, ...]


Plan = RowsPlan | GroupsPlan | CountPlan


@dataclass
class Compiler:
    """Compiles the queries of one text."""

    schema: Schema
    text: str
    include_deleted: bool
    sobjects_url: str
    calendar: Calendar
    limited: int = 0
    _scopes: int = field(default=0, init=False)
    _semi_joins: int = field(default=0, init=False)

    def plan(self, query: Query) -> Plan:
        """Compile a whole query.

        Raises:
            ApiError: as Salesforce words it.
        """
        if is_count(query):
            return self._count(query)
        return self._groups(query) if is_aggregate(query) else self.rows(query)

    def rows(self, query: Query) -> RowsPlan:
        """Compile a query for records.

        Raises:
            ApiError: as Salesforce words it.
        """
        scope = self._scope(find_object(self.schema, self.text, query.source), query)
        tests, parameters = self._where(query, scope)
        order = self._order(query.order, scope)
        ids_sql = f'SELECT {scope.base.alias}."Id" FROM {scope.source} WHERE {tests} ORDER BY {order}{_window(query)}'
        shown = self._scope(scope.sobject, query)
        block = self._block(query, shown, f'{shown.base.alias}."Id"', self._living(shown), [], "", 1)
        return RowsPlan(scope.sobject.name, ids_sql, tuple(parameters), block)

    def _groups(self, query: Query) -> GroupsPlan:
        scope = self._scope(find_object(self.schema, self.text, query.source), query)
        groups = Groups(scope, query, self.calendar)
        if not query.grouping:
            for clause, written in (("ORDER BY", query.order), ("LIMIT", query.limit is not None)):
                if written:
                    groups.columns(query)
                    reason = f"Non-grouped query that uses overall aggregate functions cannot also use {clause}"
                    raise refusal(self.text, query.pos, reason)
        parameters: list[Parameter] = []
        parts, order = [], ""
        columns: list[AggregateColumn] = []
        for present in groups.sets(query.subtotals):
            groups.use(present)
            columns = groups.columns(query)
            tests, found = self._where(query, scope)
            having = ""
            if query.having is not None:
                conditions = Conditions(self.text, groups.resolve, self._no_semi_join, parameters=found)
                having = f" HAVING {conditions.compile(query.having)}"
            keys = [self._ordered(groups, one) for one in query.order]
            selected = [f"{one.sql} AS c{number}" for number, one in enumerate(columns)]
            selected += [f"{sql} AS o{number}" for number, (sql, _) in enumerate(keys)]
            parts.append((", ".join(selected), f" WHERE {tests}{groups.clause}{having}"))
            order = ", ".join(f"o{number}{direction}" for number, (_, direction) in enumerate(keys))
            parameters += found
        # The joins are known only now: each name may have added some.
        sql = " UNION ALL ".join(f"SELECT {selected} FROM {scope.source}{rest}" for selected, rest in parts)
        sql = f"SELECT * FROM ({sql})" + (f" ORDER BY {order}" if order else "") + _window(query)
        return GroupsPlan(sql, tuple(parameters), tuple(columns))

    def _ordered(self, groups: Groups, one: Ordering) -> tuple[str, str]:
        column = groups.resolve(one.operand, "Ordered field must be grouped or aggregated")
        return _order_sql(column), _direction(one)

    def _count(self, query: Query) -> CountPlan:
        scope = self._scope(find_object(self.schema, self.text, query.source), query)
        if query.order:
            raise refusal(self.text, query.order[0].operand.pos, "COUNT() cannot be used with ORDER BY")
        tests, parameters = self._where(query, scope)
        sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.source} WHERE {tests}{_window(query)})"
        return CountPlan(sql, tuple(parameters))

    def _scope(self, sobject: SObject, query: Query) -> Scope:
        self._scopes += 1
        return Scope(self.schema, self.text, sobject, query, f"q{self._scopes}_")

    def _block(
        self, query: Query, scope: Scope, key: str, tests: str, parameters: list[Parameter], order: str, depth: int
    ) -> Block:
        selection = Selection(scope, key, self.sobjects_url)
        children = []
        for item in fill(selection, scope, query, self.calendar):
            relationship = self._relationship(scope.sobject, item)
            name = str(relationship.name)
            selection.add_children(name, item.source)
            children.append((name, self._child(relationship, item, depth + 1)))
        own_id = f'{scope.base.alias}."Id"'
        sql = (
            f"SELECT {', '.join(selection.columns)} FROM {scope.source} WHERE {{}} IN (SELECT value FROM json_each(?))"
        )
        by_id = f"{sql.format(own_id)} AND {tests}"
        chosen = f"{sql.format(key)} AND {tests}" + (f" ORDER BY {order}" if order else "")
        if order and (query.limit is not None or query.offset):
            names = ", ".join(f"{column} AS c{index}" for index, column in enumerate(selection.columns))
            numbered = f"{names}, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order}) AS n"
            first = query.offset or 0
            last = f" AND n <= {first + query.limit}" if query.limit is not None else ""
            inner = f"SELECT {numbered} FROM {scope.source} WHERE {key} IN (SELECT value FROM json_each(?)) AND {tests}"
            chosen = f"SELECT * FROM ({inner}) WHERE n > {first}{last} ORDER BY n"
        return Block(chosen, by_id, tuple(parameters), selection.root, tuple(children), tuple(selection.leaves))

    def _relationship(self, parent: SObject, query: Query) -> ChildRelationship:
        wanted = query.source.text.lower()
        for one in self.schema.children(parent.name):
            if one.name is not None and one.name.lower() == wanted:
                return one
        raise no_such_children(self.text, query.source.pos, query.source.text)

    def _child(self, relationship: ChildRelationship, query: Query, depth: int) -> Block:
        if is_aggregate(query):
            raise refusal(self.text, query.pos, "only root queries support aggregate expressions")
        if depth > MAX_DEPTH:
            raise malformed(f"Maximum {MAX_DEPTH} levels of parent-to-child relationships are allowed in one query")
        scope = self._scope(self.schema.objects[relationship.child], query)
        tests, parameters = self._where(query, scope)
        key = f'{scope.base.alias}."{relationship.field}"'
        return self._block(query, scope, key, tests, parameters, self._order(query.order, scope), depth)

    def _where(self, query: Query, scope: Scope) -> tuple[str, list[Parameter]]:
        check_clauses(self.text, query)
        conditions = self._conditions(scope)
        tests = conditions.compile(query.where) if query.where is not None else "1"
        only, parameters = scope_test(scope, query)
        return f"{tests} AND {self._living(scope)}{only}", [*conditions.parameters, *parameters]

    def _conditions(self, scope: Scope) -> Conditions:
        def resolve(operand: Operand) -> Column:
            column = self._column(scope, operand)
            if not column.field.filterable or not column.field.stored:
                reason = f"field '{column.field.name}' can not be filtered in a query call"
                raise refusal(self.text, operand.pos, reason, "INVALID_FIELD")
            if column.field.type == "boolean" and column.table.reference is not None:
                return replace(column, sql=f"IFNULL({column.sql}, 0)")  # no parent counts as false
            return column

        def semi_join(one: SemiJoin, outer: Conditions) -> str:
            return self._semi_join(one, scope, outer)

        return Conditions(self.text, resolve, semi_join, currencies=self.calendar.currency is not None)

    def _column(self, scope: Scope, operand: Operand) -> Column:
        if not isinstance(operand, Call):
            return scope.column(operand)
        if is_date_function(operand):
            return date_function(operand, scope, scope.column, self.calendar)
        if operand.upper == "TOLABEL":
            return label_function(operand, scope, scope.column)
        raise refusal(self.text, operand.pos, f"unexpected token: '{operand.name}'")

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
        """The rows that are there for the user: not deleted unless asked for, and not hidden by sharing."""
        gone = not self.include_deleted and "IsDeleted" in scope.sobject.fields
        living = f'{scope.base.alias}."IsDeleted" = 0' if gone else "1"
        hidden = self.schema.hidden_records(scope.sobject.name) if self.limited else frozenset()
        if not hidden:
            return living
        ids = ", ".join(f"'{one}'" for one in sorted(hidden))
        return f'{living} AND {scope.base.alias}."Id" NOT IN ({ids})'

    def _order(self, orderings: tuple[Ordering, ...], scope: Scope) -> str:
        keys, total = [], False
        for one in orderings:
            if isinstance(one.operand, Call):
                raise refusal(self.text, one.operand.pos, f"unexpected token: '{one.operand.name}'")
            column = scope.column(one.operand)
            total = total or column.sql == f'{scope.base.alias}."Id"'
            if not column.field.sortable or column.field.type == "multipicklist":
                reason = f"field '{column.field.name}' can not be sorted in a query call"
                raise refusal(self.text, one.operand.pos, reason, "INVALID_FIELD")
            never_null = not column.field.nillable and column.table.reference is None
            keys.append(_order_sql(column) + _direction(one, never_null=never_null))
        if not total:
            keys.append(f'{scope.base.alias}."Id"')
        return ", ".join(keys)


def _order_sql(column: Column) -> str:
    # Text that is an id or a case-sensitive key keeps its own order.
    return f"soql_order({column.sql})" if caseless(column.field) else column.sql


def _direction(one: Ordering, *, never_null: bool = False) -> str:
    nulls = "" if never_null else " NULLS LAST" if one.nulls_last else " NULLS FIRST"
    return (" DESC" if one.descending else "") + nulls


def _window(query: Query) -> str:
    if (query.offset or 0) > MAX_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
    if query.limit is None and not query.offset:
        return ""
    limit = -1 if query.limit is None else query.limit
    return f" LIMIT {limit} OFFSET {query.offset or 0}"
