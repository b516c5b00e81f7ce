"""The SOAP APIs: login and a little more of the Partner and Enterprise APIs, and the Metadata API's components."""

from sfsync.emulator.resources.soap.metadata import metadata
from sfsync.emulator.resources.soap.partner import enterprise, partner

ROUTES = (
    ("services/Soap/u/{version}", {"POST": partner}),
    ("services/Soap/u/{version}/{org_id}", {"POST": partner}),
    ("services/Soap/c/{version}", {"POST": enterprise}),
    ("services/Soap/c/{version}/{org_id}", {"POST": enterprise}),
    ("services/Soap/m/{version}", {"POST": metadata}),
    ("services/Soap/m/{version}/{org_id}", {"POST": metadata}),
)

__all__ = ["ROUTES", "enterprise", "metadata", "partner"]
