"""The register's tables as mapped classes, for tests that write past the program."""

from sqlalchemy.orm import DeclarativeBase

from registry.core.tables import all_tables

_TABLES = all_tables().tables


class Base(DeclarativeBase):
    """What all of them share."""

    metadata = all_tables()


class AdminUnit(Base):
    __table__ = _TABLES["admin_unit"]


class AdminUnitSuccession(Base):
    __table__ = _TABLES["admin_unit_succession"]


class AdminUnitVersion(Base):
    __table__ = _TABLES["admin_unit_version"]


class ApiKey(Base):
    __table__ = _TABLES["api_key"]


class CodeKey(Base):
    __table__ = _TABLES["code_key"]


class CoverageDay(Base):
    __table__ = _TABLES["coverage_day"]


class Event(Base):
    __table__ = _TABLES["event"]


class EventPending(Base):
    __table__ = _TABLES["event_pending"]


class Feed(Base):
    __table__ = _TABLES["feed"]


class FieldReport(Base):
    __table__ = _TABLES["field_report"]


class FieldRound(Base):
    __table__ = _TABLES["field_round"]


class Household(Base):
    __table__ = _TABLES["household"]


class HouseholdVersion(Base):
    __table__ = _TABLES["household_version"]


class Import(Base):
    __table__ = _TABLES["import"]


class Place(Base):
    __table__ = _TABLES["place"]


class Plate(Base):
    __table__ = _TABLES["plate"]


class Reform(Base):
    __table__ = _TABLES["reform"]


class SuccessionLink(Base):
    __table__ = _TABLES["succession_link"]


class Target(Base):
    __table__ = _TABLES["target"]


class Webhook(Base):
    __table__ = _TABLES["webhook"]
