"""Rows of the database, as dataclasses.

A row is read as one (`db.query("select ...", row=...)`); a new one is a dictionary in which what has a default, or may
be NULL, can be left out. An application gives FINGERPRINT and TYPES to `dbsync.runtime.Settings`.

Written by `dbsync models` from schema.sql: change that file, and write this one anew.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NotRequired, TypeAlias, TypedDict
from uuid import UUID

from psycopg.types.json import Jsonb

FINGERPRINT: Final = "public:b3f64483353314021834e33db6612766"
"""Of the schema that these classes are for."""


Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None


class ItemStatus(StrEnum):
    """The values of the type item_status."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class JobStatus(StrEnum):
    """The values of the type job_status."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, kw_only=True, slots=True)
class AppInstances:
    """Sites that have installed the app"""

    instance_id: UUID
    """The instance id that Wix gave the installation"""
    site_host: str | None
    access_token: str | None
    refresh_token: str | None
    token_expires_at: dt.datetime | None
    plan_id: int | None
    credits_total: int
    credits_used_month: int
    credits_reset_on: dt.date
    """The day on which credits_used_month starts at 0 again"""
    created_at: dt.datetime
    updated_at: dt.datetime


class AppInstancesInsert(TypedDict):
    """A new row of app_instances; what is left out gets its default."""

    instance_id: UUID
    site_host: NotRequired[str | None]
    access_token: NotRequired[str | None]
    refresh_token: NotRequired[str | None]
    token_expires_at: NotRequired[dt.datetime | None]
    plan_id: NotRequired[int | None]
    # defaults to 0
    credits_total: NotRequired[int]
    # defaults to 0
    credits_used_month: NotRequired[int]
    # defaults to ((date_trunc('month'::text, now()) + '1 mon'::interval))::date
    credits_reset_on: NotRequired[dt.date]
    # defaults to now()
    created_at: NotRequired[dt.datetime]
    # defaults to now()
    updated_at: NotRequired[dt.datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobItems:
    """The texts of a job, one for each attribute of each product"""

    id: int
    job_id: UUID
    product_id: str
    attribute: str
    before_value: str | None
    after_value: str | None
    status: ItemStatus
    error: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class JobItemsInsert(TypedDict):
    """A new row of job_items; what is left out gets its default."""

    job_id: UUID
    product_id: str
    attribute: str
    before_value: NotRequired[str | None]
    after_value: NotRequired[str | None]
    # defaults to 'PENDING'::public.item_status
    status: NotRequired[ItemStatus]
    error: NotRequired[str | None]
    # defaults to now()
    created_at: NotRequired[dt.datetime]
    # defaults to now()
    updated_at: NotRequired[dt.datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """Requests to optimize some attributes of some products"""

    id: UUID
    instance_id: UUID
    status: JobStatus
    source_scope: str
    """What source_ids names: products or collections"""
    source_ids: Json
    attributes: Json
    """The names of the attributes to optimize"""
    target_lang: str | None
    user_prompt: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    error: str | None


class JobsInsert(TypedDict):
    """A new row of jobs; what is left out gets its default."""

    # defaults to gen_random_uuid()
    id: NotRequired[UUID]
    instance_id: UUID
    # defaults to 'PENDING'::public.job_status
    status: NotRequired[JobStatus]
    source_scope: str
    # defaults to '[]'::jsonb
    source_ids: NotRequired[Jsonb]
    # defaults to '[]'::jsonb
    attributes: NotRequired[Jsonb]
    target_lang: NotRequired[str | None]
    user_prompt: NotRequired[str | None]
    # defaults to now()
    created_at: NotRequired[dt.datetime]
    started_at: NotRequired[dt.datetime | None]
    finished_at: NotRequired[dt.datetime | None]
    error: NotRequired[str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans:
    """What a shop can subscribe to"""

    id: int
    name: str
    price_cents: int
    """US cents a month"""
    monthly_credits: int
    """One credit pays for one optimized text"""


class PlansInsert(TypedDict):
    """A new row of plans; what is left out gets its default."""

    # defaults to the next number
    id: NotRequired[int]
    name: str
    price_cents: int
    monthly_credits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishLogs:
    """What was written back to the shop, and when"""

    id: int
    instance_id: UUID
    product_id: str
    attribute: str
    applied_value: str
    applied_at: dt.datetime


class PublishLogsInsert(TypedDict):
    """A new row of publish_logs; what is left out gets its default."""

    instance_id: UUID
    product_id: str
    attribute: str
    applied_value: str
    # defaults to now()
    applied_at: NotRequired[dt.datetime]


TYPES: Final[dict[tuple[str, str], type[Any]]] = {
    ("public", "item_status"): ItemStatus,
    ("public", "job_status"): JobStatus,
}
"""The classes of the database's own types."""
