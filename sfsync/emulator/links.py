"""The URLs in answers: that of a record, and those of an object in its describe, in the order an org writes them."""

from collections.abc import Iterable

from sfsync.emulator.schema import SObject

_TEMPLATES = {
    "compactLayouts": "{base}/describe/compactLayouts",
    "rowTemplate": "{base}/{ID}",
    "approvalLayouts": "{base}/describe/approvalLayouts",
    "namedLayouts": "{base}/describe/namedLayouts/{LayoutName}",
    "passwordUtilities": "{base}/{ID}/password",
    "listviews": "{base}/listviews",
    "describe": "{base}/describe",
    "quickActions": "{base}/quickActions",
    "layouts": "{base}/describe/layouts",
    "sobject": "{base}",
}
_PAGES = {
    "uiDetailTemplate": "{instance}/{ID}",
    "uiEditTemplate": "{instance}/{ID}/e",
    "uiNewRecord": "{instance}/{prefix}/e",
}
_DEFAULT_VALUES = "{base}/defaultValues?recordTypeId&fields"
_LAST_WITH_DEFAULT_VALUES = 48  # describes recorded at v48 have this URL, those at v52 and later have not

_ON_PAGES_ONLY = frozenset({*_PAGES, "defaultValues"})
_DATA_ONLY = ("rowTemplate", "describe", "sobject")
_COMPLETE = (
    *("compactLayouts", "rowTemplate", "approvalLayouts", "listviews"),
    *("describe", "quickActions", "layouts", "sobject"),
)

_INT = 0xFFFFFFFF
_SMALLEST_TABLE = 16


def row_url(version: str, sobject: str, record_id: object) -> str:
    """Return the address of a record below the instance, as answers give it."""
    return f"/services/data/v{version}/sobjects/{sobject}/{record_id}"


def with_pages(names: Iterable[str]) -> dict[str, str]:
    """Return the templates of some URLs, and those of the pages of an object."""
    return {**{name: _TEMPLATES[name] for name in names}, **_PAGES}


def links(one: SObject, version: str) -> dict[str, str]:
    """Return the URLs of an object as the list of all objects has them."""
    return _written(one, version, {name: text for name, text in _of(one).items() if name not in _ON_PAGES_ONLY})


def page_links(one: SObject, version: str, instance_url: str) -> dict[str, str]:
    """Return the URLs of an object as its own describe has them: those of its pages, too."""
    templates = _of(one)
    if one.links is None and one.layoutable and float(version) <= _LAST_WITH_DEFAULT_VALUES:
        templates["defaultValues"] = _DEFAULT_VALUES
    return _written(one, version, templates, instance_url)


def _of(one: SObject) -> dict[str, str]:
    if one.links is not None:
        return dict(one.links)
    return with_pages(_COMPLETE) if one.layoutable else {name: _TEMPLATES[name] for name in _DATA_ONLY}


def _written(one: SObject, version: str, templates: dict[str, str], instance_url: str = "") -> dict[str, str]:
    base = f"/services/data/v{version}/sobjects/{one.name}"
    given = {"{base}": base, "{instance}": instance_url, "{prefix}": one.key_prefix or ""}
    written = {}
    for name in hash_order(templates):
        text = templates[name]
        for place, value in given.items():
            text = text.replace(place, value)
        written[name] = text
    return written


def hash_order(names: Iterable[str]) -> list[str]:
    """Return the names in the order of a Java hash map, in which every recorded answer has them."""
    chosen = sorted(names)
    table = _SMALLEST_TABLE
    while len(chosen) > table * 3 // 4:
        table *= 2
    return sorted(chosen, key=lambda name: _hash(name) & (table - 1))


def _hash(text: str) -> int:
    code = 0
    for char in text:
        code = (31 * code + ord(char)) & _INT
    return code ^ (code >> 16)
