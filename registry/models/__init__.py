"""Tables of the register. Import everything from here; each module tells one story."""

from registry.models.access import ApiKey, ApiKeyUnit, AuditEntry, ClientKey, EnumerationBudget
from registry.models.backups import BackupRun
from registry.models.base import Base
from registry.models.counting import (
    CoverageCount,
    CoverageState,
    CoverageTouched,
    ServiceCount,
)
from registry.models.drawing import MapDensity, MapLabel, MapState, MapUnit
from registry.models.events import Event, EventPending, Feed, RegisterIdentity
from registry.models.field import FieldRecord, FieldRound
from registry.models.former import (
    HouseholdFormerNumber,
    LocalityAlias,
    LocalityVersion,
    ThoroughfareAlias,
    ThoroughfareVersion,
)
from registry.models.households import (
    CodeKey,
    ExternalId,
    Household,
    HouseholdRef,
    HouseholdRefBefore,
    HouseholdVersion,
    Plate,
    SuccessionLink,
)
from registry.models.imports import Import, ImportProblem, ImportWork, ParkedKey
from registry.models.paper import Certificate
from registry.models.places import Locality, Thoroughfare
from registry.models.progress import (
    CoverageDay,
    FieldReport,
    FieldReportReceipt,
    FieldReportVoice,
    Target,
)
from registry.models.reforms import Reform, ReformBefore, ReformWork
from registry.models.services import (
    ServiceArea,
    ServiceAreaCode,
    ServiceAreaUnit,
    ServiceOffice,
)
from registry.models.units import (
    AdminUnit,
    AdminUnitAlias,
    AdminUnitSuccession,
    AdminUnitVersion,
    Boundary,
    BoundaryPart,
    GazetteerState,
    UnitTold,
    UnitToldState,
)
from registry.models.webhooks import Webhook, WebhookCode, WebhookDelivery, WebhookUnit

__all__ = [
    "AdminUnit",
    "AdminUnitAlias",
    "AdminUnitSuccession",
    "AdminUnitVersion",
    "ApiKey",
    "ApiKeyUnit",
    "AuditEntry",
    "BackupRun",
    "Base",
    "Boundary",
    "BoundaryPart",
    "Certificate",
    "ClientKey",
    "CodeKey",
    "CoverageCount",
    "CoverageDay",
    "CoverageState",
    "CoverageTouched",
    "DeskSession",
    "EnumerationBudget",
    "Event",
    "EventPending",
    "ExternalId",
    "Feed",
    "FieldRecord",
    "FieldReport",
    "FieldReportReceipt",
    "FieldReportVoice",
    "FieldRound",
    "GazetteerState",
    "Household",
    "HouseholdFormerNumber",
    "HouseholdRef",
    "HouseholdRefBefore",
    "HouseholdVersion",
    "Import",
    "ImportProblem",
    "ImportWork",
    "Locality",
    "LocalityAlias",
    "LocalityVersion",
    "MapDensity",
    "MapLabel",
    "MapState",
    "MapUnit",
    "ParkedKey",
    "Plate",
    "Reform",
    "ReformBefore",
    "ReformWork",
    "RegisterIdentity",
    "ServiceArea",
    "ServiceAreaCode",
    "ServiceAreaUnit",
    "ServiceCount",
    "ServiceOffice",
    "SuccessionLink",
    "Target",
    "Thoroughfare",
    "ThoroughfareAlias",
    "ThoroughfareVersion",
    "UnitTold",
    "UnitToldState",
    "Webhook",
    "WebhookCode",
    "WebhookDelivery",
    "WebhookUnit",
]
