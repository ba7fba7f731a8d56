"""What is done with each statement of a schema file: run, passed over, or refused by name."""

import dataclasses
from collections.abc import Callable, Mapping

from postgast import pg_query_pb2 as pb

from dbsync import sql
from dbsync.load import subscription, tree
from dbsync.load.roles import acts_as
from dbsync.model.text import Statement


@dataclasses.dataclass(frozen=True)
class Run:
    """Run it, or `instead` of it another text; a failure with a SQLSTATE in `forgiven` is only noted."""

    instead: str | None = None
    forgiven: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class PassOver:
    """Do not run it; `note` says why where a person may care."""

    note: str | None = None


@dataclasses.dataclass(frozen=True)
class Refuse:
    """Do not load the file."""

    why: str
    hint: str


@dataclasses.dataclass(frozen=True)
class MakeRole:
    """Make the role where the server does not have it: a bare one, as nothing in a database depends on more."""

    name: str


Rule = Run | PassOver | Refuse | MakeRole

_AS_IT_STANDS = Run()
_ROWS = Run(forgiven={"42501": "the role may not; rows do not count in a scratch database"})
_SHARED = frozenset({pb.OBJECT_DATABASE, pb.OBJECT_TABLESPACE, pb.OBJECT_ROLE, pb.OBJECT_PARAMETER_ACL})
_CLUSTER = "it concerns the cluster, not this database"
_UNKNOWN_PARAMETER = {"42704": "this server does not know the parameter"}


def rule(statement: Statement) -> Rule:
    """What is to be done with a statement."""
    found = _RULES.get(statement.node)
    if found is None:
        return _AS_IT_STANDS
    if not callable(found):
        return found
    node = tree.node(statement.sql)
    return found(node, statement) if node else _AS_IT_STANDS


def _transaction(node: pb.Node, _: Statement) -> Rule:
    kind = node.transaction_stmt.kind
    if kind in (pb.TRANS_STMT_BEGIN, pb.TRANS_STMT_START, pb.TRANS_STMT_COMMIT):
        return PassOver()
    names = {
        pb.TRANS_STMT_ROLLBACK: "ROLLBACK",
        pb.TRANS_STMT_SAVEPOINT: "SAVEPOINT",
        pb.TRANS_STMT_RELEASE: "RELEASE SAVEPOINT",
        pb.TRANS_STMT_ROLLBACK_TO: "ROLLBACK TO SAVEPOINT",
        pb.TRANS_STMT_PREPARE: "PREPARE TRANSACTION",
        pb.TRANS_STMT_COMMIT_PREPARED: "COMMIT PREPARED",
        pb.TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK PREPARED",
    }
    return Refuse(
        f"{names.get(kind, 'this')} has no meaning in a schema file",
        "each statement is a transaction of its own; leave out what is not to be",
    )


def _copy(node: pb.Node, statement: Statement) -> Rule:
    copy = node.copy_stmt
    if copy.is_program:
        return Refuse("COPY with PROGRAM would run a program on the server", "remove it")
    if copy.filename:
        return Refuse("COPY would read or write a file of the server", "use COPY … FROM stdin, or seeds.sql")
    if not copy.is_from:
        return PassOver("COPY … TO stdout changes nothing")
    return _ROWS if statement.data is not None else PassOver("no rows follow")


def _setting(node: pb.Node, _: Statement) -> Rule:
    setting = node.variable_set_stmt
    if setting.name == "client_encoding":
        return PassOver()  # the file was read as UTF-8 and is sent so
    if setting.name == "session_authorization":
        # Only a superuser may take another name; who may act as the role makes what then belongs to it, too.
        role = acts_as(node)
        return Run(f"SET ROLE {sql.name(role)}" if role else "RESET ROLE")
    if setting.name == "role":
        return _AS_IT_STANDS
    forgiven = {**_UNKNOWN_PARAMETER, "42501": "only a superuser may set this parameter"}
    if setting.name == "default_tablespace":
        forgiven["22023"] = "this server does not have the tablespace"
    return Run(forgiven=forgiven)


def _query(node: pb.Node, _: Statement) -> Rule:
    """Of queries, pg_dump writes two: set_config() and setval()."""
    called = {
        target.res_target.val.func_call.funcname[-1].string.sval
        for target in node.select_stmt.target_list
        if target.res_target.val.func_call.funcname
    }
    if called == {"set_config"}:
        return Run(forgiven=_UNKNOWN_PARAMETER)
    return _ROWS if called == {"setval"} else _AS_IT_STANDS


def _vacuum(node: pb.Node, _: Statement) -> Rule:
    return PassOver(f"{'VACUUM' if node.vacuum_stmt.is_vacuumcmd else 'ANALYZE'} changes no definition")


def _cluster(node: pb.Node, _: Statement) -> Rule:
    # CLUSTER t USING i also marks the index; the bare form only moves rows.
    return _AS_IT_STANDS if node.cluster_stmt.indexname else PassOver("CLUSTER changes no definition")


def _subscription(_: pb.Node, statement: Statement) -> Rule:
    return Run(instead=subscription.unconnected(statement.sql))


def _alter_subscription(node: pb.Node, _: Statement) -> Rule:
    kind = node.alter_subscription_stmt.kind
    if kind in (pb.ALTER_SUBSCRIPTION_ENABLED, pb.ALTER_SUBSCRIPTION_REFRESH):
        return PassOver("it would connect to the publisher")
    return _AS_IT_STANDS


def _make_role(node: pb.Node, _: Statement) -> Rule:
    return MakeRole(node.create_role_stmt.role)


def _shared(kind: Callable[[pb.Node], int]) -> Callable[[pb.Node, Statement], Rule]:
    """For statements that name any kind of object: those of the whole cluster are passed over."""

    def decide(node: pb.Node, _: Statement) -> Rule:
        return PassOver(_CLUSTER) if kind(node) in _SHARED else _AS_IT_STANDS

    return decide


def _rename(node: pb.Node, _: Statement) -> Rule:
    if node.rename_stmt.rename_type in _SHARED:
        return Refuse("this renames what belongs to the cluster, not to this database", "do it by hand on the server")
    return _AS_IT_STANDS


def _refused(what: str, hint: str = "remove it; a schema file describes one database") -> Refuse:
    return Refuse(f"{what} is not for a schema file", hint)


_RULES: Mapping[str, Rule | Callable[[pb.Node, Statement], Rule]] = {
    "TransactionStmt": _transaction,
    "CopyStmt": _copy,
    "InsertStmt": _ROWS,
    "UpdateStmt": _ROWS,
    "DeleteStmt": _ROWS,
    "RefreshMatViewStmt": _ROWS,
    "VariableSetStmt": _setting,
    "SelectStmt": _query,
    "CreateRoleStmt": _make_role,
    "AlterRoleStmt": PassOver("dbsync does not manage roles"),
    "AlterRoleSetStmt": PassOver("dbsync does not manage roles"),
    "GrantRoleStmt": PassOver("dbsync does not manage roles"),
    "DropRoleStmt": PassOver("dbsync does not manage roles"),
    "AlterDatabaseStmt": PassOver(_CLUSTER),
    "AlterDatabaseSetStmt": PassOver(_CLUSTER),
    "AlterDatabaseRefreshCollStmt": PassOver(_CLUSTER),
    "CommentStmt": _shared(lambda node: int(node.comment_stmt.objtype)),
    "SecLabelStmt": _shared(lambda node: int(node.sec_label_stmt.objtype)),
    "AlterOwnerStmt": _shared(lambda node: int(node.alter_owner_stmt.object_type)),
    "GrantStmt": _shared(lambda node: int(node.grant_stmt.objtype)),
    "RenameStmt": _rename,
    "CreateSubscriptionStmt": _subscription,
    "AlterSubscriptionStmt": _alter_subscription,
    "DropSubscriptionStmt": _refused("DROP SUBSCRIPTION", "leave out the CREATE SUBSCRIPTION; dropping would connect"),
    "VacuumStmt": _vacuum,
    "ClusterStmt": _cluster,
    "ReindexStmt": PassOver("REINDEX changes no definition"),
    "CheckPointStmt": PassOver("CHECKPOINT changes no definition"),
    "LockStmt": PassOver("each statement is a transaction of its own"),
    "ListenStmt": PassOver("LISTEN changes no definition"),
    "UnlistenStmt": PassOver("UNLISTEN changes no definition"),
    "NotifyStmt": PassOver("NOTIFY changes no definition"),
    "CreatedbStmt": _refused("CREATE DATABASE", "remove it, or dump without --create"),
    "DropdbStmt": _refused("DROP DATABASE", "remove it, or dump without --create"),
    "AlterSystemStmt": _refused("ALTER SYSTEM"),
    "CreateTableSpaceStmt": _refused("CREATE TABLESPACE"),
    "DropTableSpaceStmt": _refused("DROP TABLESPACE"),
    "AlterTableSpaceOptionsStmt": _refused("ALTER TABLESPACE"),
    "DropOwnedStmt": _refused("DROP OWNED"),
    "ReassignOwnedStmt": _refused("REASSIGN OWNED", "write ALTER … OWNER TO for each object"),
    "ImportForeignSchemaStmt": _refused(
        "IMPORT FOREIGN SCHEMA", "it would ask another server: write the foreign tables"
    ),
    "LoadStmt": _refused("LOAD", "libraries belong into the server's shared_preload_libraries"),
}
