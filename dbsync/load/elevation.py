"""Which statements may be run again with a superuser's rights where the session's role may not run them."""

_INSUFFICIENT_PRIVILEGE = "42501"
_INVALID_FUNCTION_DEFINITION = "42P13"
_PROHIBITED_STATEMENT = "2F003"

# Nodes that PostgreSQL keeps for superusers, or for roles with a right that the loading role may lack.
_SUPERUSERS = frozenset(
    {
        "AlterEventTrigStmt",
        "AlterExtensionContentsStmt",
        "AlterExtensionStmt",
        "AlterFdwStmt",
        "AlterForeignServerStmt",
        "AlterFunctionStmt",  # LEAKPROOF, SUPPORT
        "AlterOpFamilyStmt",
        "AlterOperatorStmt",
        "AlterPublicationStmt",
        "AlterSubscriptionStmt",
        "AlterTSConfigurationStmt",
        "AlterTSDictionaryStmt",
        "AlterTypeStmt",
        "AlterUserMappingStmt",
        "CreateAmStmt",
        "CreateCastStmt",  # WITHOUT FUNCTION
        "CreateConversionStmt",
        "CreateEventTrigStmt",
        "CreateExtensionStmt",
        "CreateFdwStmt",
        "CreateForeignServerStmt",
        "CreateFunctionStmt",  # languages C and internal
        "CreateOpClassStmt",
        "CreateOpFamilyStmt",
        "CreatePLangStmt",
        "CreatePublicationStmt",  # FOR ALL TABLES
        "CreateSubscriptionStmt",
        "CreateTransformStmt",
        "CreateUserMappingStmt",
        "DefineStmt",  # base types, text search parsers and templates, aggregates over "internal"
        "DropUserMappingStmt",
        "ImportForeignSchemaStmt",
        "SecLabelStmt",
    }
)

# Nodes that name another owner, or act on what another role owns, as a dump with owners does throughout.
_OWNERS = frozenset(
    {
        "AlterDefaultPrivilegesStmt",
        "AlterDomainStmt",
        "AlterEnumStmt",
        "AlterObjectDependsStmt",
        "AlterObjectSchemaStmt",
        "AlterOwnerStmt",
        "AlterPolicyStmt",
        "AlterSeqStmt",
        "AlterStatsStmt",
        "AlterTableStmt",
        "CommentStmt",
        "CompositeTypeStmt",
        "CreateDomainStmt",
        "CreateEnumStmt",
        "CreateForeignTableStmt",
        "CreatePolicyStmt",
        "CreateRangeStmt",
        "CreateSchemaStmt",
        "CreateSeqStmt",
        "CreateStatsStmt",
        "CreateStmt",
        "CreateTableAsStmt",  # a materialized view in a schema of another role
        "CreateTrigStmt",
        "DropStmt",
        "GrantStmt",
        "IndexStmt",
        "RenameStmt",
        "RuleStmt",
        "ViewStmt",
    }
)


def may_elevate(sqlstate: str | None, node: str) -> bool:
    """Whether a statement of this parse node that failed so may be run again as a superuser.

    Statements that are there to run code (SELECT, INSERT, DO, CALL …) never may, nor may SET.
    """
    if sqlstate == _PROHIBITED_STATEMENT:
        return node in ("CreateSubscriptionStmt", "AlterSubscriptionStmt")  # a connection without a password
    if sqlstate == _INVALID_FUNCTION_DEFINITION:
        return node == "DefineStmt"  # an aggregate over "internal" is refused to others so
    return sqlstate == _INSUFFICIENT_PRIVILEGE and (node in _SUPERUSERS or node in _OWNERS)
