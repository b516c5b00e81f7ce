"""The one row of UserPermissionAccess: nobody writes it, it is what the settings say at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.objects.rights import SETTING_OF, USER_PERMISSION_ACCESS

if TYPE_CHECKING:
    from sfsync.emulator.database import Database
    from sfsync.emulator.settings import Settings

_ID = "000000000000000AAA"


def show_rights(db: Database, settings: Settings) -> None:
    """Let queries of UserPermissionAccess find the API user's rights, as `settings` has them when they run.

    A temporary view hides the table of the same name (SQLite looks for temporary names first), and is gone with
    the connection: what a file keeps of the org does not depend on it.
    """

    def granted(name: str) -> int:
        return int(getattr(settings, name))

    db.connection.create_function("sf_granted", 1, granted)
    shown = [f"sf_granted('{setting}') AS \"{field}\"" for field, setting in SETTING_OF.items()]
    columns = ", ".join([f"'{_ID}' AS \"Id\"", 'NULL AS "LastCacheUpdate"', *shown])
    db.connection.execute(f'CREATE TEMP VIEW "{USER_PERMISSION_ACCESS.name}" AS SELECT {columns}')
