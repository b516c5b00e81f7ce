"""What becomes of each recorded interaction, and every way in which the emulator may differ from it, with reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator.conformance.compare import Difference

REPLAYED: dict[str, tuple[int, ...]] = {
    "GET_sobjects_Account_PersonAccount_describe": (0,),
    "GET_sobjects_Account_describe": (0,),
    "GET_sobjects_Case_describe": (0,),
    "GET_sobjects_Custom__c_describe": (0,),
    "GET_sobjects_Event_describe": (0,),
    "GET_sobjects_Global_describe": (0,),
    "GET_sobjects_Lead_describe": (0,),
    "GET_sobjects_OpportunityContactRole_describe": (0,),
    "GET_sobjects_Opportunity_describe": (0,),
    "GET_sobjects_Organization": (0,),
    "ManualEditTestCompositeParallelSalesforce.test_http_headers": (0,),
    "ManualEditTestDescribeOrg.test_minimal_schema": (1,),
    "TestCompositeParallelSalesforce.test_reference_ids": (0, 1),
    "TestCountSObjects.test_count_sobjects_simple": (0,),
    "TestDatasetsE2E.test_datasets_e2e": (0, 2, 3, 4, 5, 10, 13, 16),
    "TestDatasetsE2E.test_datasets_extract_standard_objects": (7, 8, 9, 10, 11, 12, 13),
    "TestSelect.test_select_random_strategy": (19, 20, 21, 22),
    "TestSelect.test_select_similarity_annoy_strategy": (19, 20, 21),
    "TestSelect.test_select_similarity_select_and_insert_strategy": (23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34),
    "TestSelect.test_select_similarity_select_and_insert_strategy_bulk": (
        23,
        24,
        25,
        26,
        27,
        28,
        29,
        30,
        31,
        32,
        33,
        34,
        35,
        36,
        37,
        38,
        39,
        40,
        41,
        42,
        43,
    ),
    "TestSelect.test_select_similarity_strategy": (19, 20, 21),
    "TestSelect.test_select_standard_strategy": (19, 20, 21, 22),
    "TestSnowfakery.test_run_until_records_in_org__multiple_needed": (0, 1),
    "TestSnowfakery.test_run_until_records_in_org__none_needed": (1,),
    "TestSnowfakery.test_run_until_records_in_org__one_needed": (1,),
    "TestSnowfakery.test_snowfakery_query_salesforce": (2,),
    "TestUpdatesIntegrationTests.test_updates_task": (1, 2, 4),
    "TestUpsert.test_simple_upsert__rest": (7, 9, 11, 12, 21, 29, 30),
    "TestUpsert.test_upsert__rest": (8, 10, 12, 13, 23, 25, 26),
    "TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error": (
        6,
        7,
        9,
        10,
        11,
        13,
        14,
        15,
        17,
        18,
        25,
        26,
    ),
    "TestUpsert.test_upsert_external_id_field": (
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        23,
        24,
        25,
        32,
        39,
        40,
        41,
        42,
        43,
        44,
        45,
        46,
        47,
        48,
        49,
        50,
        51,
        52,
        53,
        54,
    ),
}
"""Cassettes and the numbers of their interactions; what they repeat of shared files is replayed there, once."""

NOT_REPLAYED: dict[str, dict[int, str]] = {
    "ManualEdit_TestCountSObjects.test_count_sobjects__network_errors": {
        0: "edited by hand: a 500 without body stands for a broken network, no org said so",
    },
    "ManualEdit_test_describe_to_sql": {
        0: "edited by hand: the body of the request is no JSON",
        1: "edited by hand: describes cut to one field, one of them of Campaign, which the emulator has not",
    },
    "TestCumulusciYml.test_validate_url__with_errors": {0: "a file of GitHub, not an org"},
    "TestIntegrationInfrastructure.test_integration_tests": {
        0: "the Connect API is no part of the emulator, which answers NOT_FOUND",
    },
    "uncompressed_cassette": {
        0: "made by hand: the body is no JSON",
        1: "made by hand: the body is no JSON",
        2: "made by hand: the body is no JSON",
        3: "closes a job that no recording opens",
    },
}

MISSING = {
    "GET_sobjects_Contact_describe": "not among the recordings; test_standard_schema.py looks at Contact",
}
"""Shared files that are not there."""

IN_ORDER = {"TestUpsert.test_upsert_external_id_field"}
"""Cassettes that tell one story: what an interaction writes, the next ones read. The others get rows made for each."""

ROWS_OF = {("TestSelect.test_select_similarity_select_and_insert_strategy_bulk", 36): 32}
"""Interactions of the async API before which the rows are put in that another interaction shows."""


@dataclass(frozen=True)
class Tolerated:
    """Differences at paths of interactions; `*` stands for anything, in a path within one name, `**` beyond."""

    interactions: str
    path: str
    what: str
    reason: str

    def covers(self, interaction: str, found: Difference) -> bool:
        """Say whether this is one of them."""
        at_path = _like(self.path, found.path, within="[^.]*")
        return at_path and _like(self.interactions, interaction) and _like(self.what, found.what)


def _like(pattern: str, text: str, *, within: str = ".*") -> bool:
    known = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", within)
    return re.fullmatch(known, text) is not None


_SELECT_BULK = "TestSelect.test_select_similarity_select_and_insert_strategy_bulk"
_BULK_STORY = "TestUpsert.test_upsert_external_id_field #*"
_IN_TIME = "how far the org had got when it was asked is a matter of time; here a job is done when it is asked"
_FASTER = "how long the org took"
_HAND_MADE_JOB = "edited by hand: XML with the header of JSON; the cassette TestUpsert has application/xml"
_CUT = "edited by hand: the describes were cut to some keys; whole ones are replayed elsewhere"
_APPENDED = "edited by hand: a copy of another object's entry; the describe of this one says what we say"
_HIDDEN_THERE = "a standard field that was hidden in the recorded org [facts: orders 2.1, 6.1]"

TOLERATED = (
    # -- what cannot be the same in two orgs
    Tolerated("*", "**", "id", "records have ids of their own; the same id stands for the same record all through"),
    Tolerated("*", "**", "moment", "made at another time; the form is the same"),
    Tolerated("*", "**", "tag", "tags of a state are opaque; the form is the same"),
    Tolerated("*", "**", "date", "made at another time; the form is the same"),
    Tolerated("*", "**", "host", "orgs have hosts of their own"),
    Tolerated("*", "headers.*", "request id", "each request has its own"),
    Tolerated("*", ".records", "order of rows", "nothing orders them: no recorded query has an ORDER BY"),
    # -- the list of all objects
    Tolerated("GET_sobjects_Global_describe #0", ".sobjects.*", "missing", "objects that the emulator has not"),
    Tolerated("GET_sobjects_Global_describe #0", ".sobjects.*", "extra", "the recorded list was cut to 110 objects"),
    Tolerated(
        "GET_sobjects_Global_describe #0",
        ".sobjects",
        "order of keys",
        "edited by hand: Event and Lead stand behind the end of the alphabet",
    ),
    Tolerated("GET_sobjects_Global_describe #0", ".sobjects.Event.**", "*", _APPENDED),
    Tolerated("GET_sobjects_Global_describe #0", ".sobjects.Lead.keyPrefix", "type", _APPENDED),
    # -- describes
    Tolerated(
        "GET_sobjects_Opportunity_describe #0",
        ".childRelationships.Order.OpportunityId",
        "extra",
        _HIDDEN_THERE,
    ),
    Tolerated("GET_sobjects_Custom__c_describe #0", "pretty", "value", "edited by hand: indented by four"),
    Tolerated("ManualEditTestDescribeOrg.test_minimal_schema #1", ".compositeResponse[*].body.*", "extra", _CUT),
    Tolerated("ManualEditTestDescribeOrg.test_minimal_schema #1", "**.body.fields", "length", _CUT),
    Tolerated("ManualEditTestDescribeOrg.test_minimal_schema #1", "**.body", "order of keys", _CUT),
    # -- queries
    Tolerated("TestSelect.* #22", ".records[*].Id", "value", "edited by hand: one Id in all rows, against their URLs"),
    # -- the async API
    Tolerated("TestSelect.*_and_insert_strategy* #33", "headers.content-type", "value", _HAND_MADE_JOB),
    Tolerated("TestSelect.*_and_insert_strategy* #34", "headers.content-type", "value", _HAND_MADE_JOB),
    Tolerated(f"{_SELECT_BULK} #*", "headers.content-type", "value", _HAND_MADE_JOB),
    Tolerated(f"{_SELECT_BULK} #*", "status", "value", "edited by hand: a job is made with 201 elsewhere"),
    Tolerated(f"{_SELECT_BULK} #42", ".jobInfo.id", "value", "edited by hand: the same job is made a second time"),
    Tolerated(_BULK_STORY, "**.numberBatches*", "value", _IN_TIME),
    Tolerated(_BULK_STORY, "**.numberRecordsProcessed", "value", _IN_TIME),
    Tolerated(_BULK_STORY, "**.batchInfo.state", "value", _IN_TIME),
    Tolerated(_BULK_STORY, "**ProcessingTime", "value", _FASTER),
    # -- headers of one answer that was recorded with all of them
    Tolerated(
        f"{_SELECT_BULK} #37", "headers.set-cookie", "missing", "cookies are for browsers; no API client needs one"
    ),
    Tolerated(f"{_SELECT_BULK} #37", "headers.connection", "missing", "the server adds it, not the org behind it"),
    Tolerated(
        f"{_SELECT_BULK} #37", "headers.transfer-encoding", "missing", "the server adds it, not the org behind it"
    ),
    Tolerated(f"{_SELECT_BULK} #37", "headers.content-length", "missing", "the server adds it, not the org behind it"),
)

_HERE = "the emulator's own schema is of a newer release"
AGAINST_STANDARD = (
    Tolerated("*", ".urls.ui*", "host", "orgs have hosts of their own"),
    Tolerated("Account", ".fields.*__c", "missing", "custom fields of the recorded org"),
    Tolerated("Account", ".recordTypeInfos.Household", "missing", "a record type of the recorded org"),
    Tolerated("Account", ".recordTypeInfos.Master.default*", "value", "the recorded org has another default"),
    Tolerated("Account", ".associate*", "extra", _HERE),
    Tolerated("Account", ".sobjectDescribeOption", "extra", _HERE),
    Tolerated("Account", ".supportedScopes.scopingRule", "extra", _HERE),
    Tolerated(
        "Opportunity",
        ".childRelationships.Order.OpportunityId",
        "extra",
        _HIDDEN_THERE,
    ),
    Tolerated("Opportunity", ".fields.ContractId", "extra", _HIDDEN_THERE),
)
"""How the standard schema of the emulator differs from the recorded describes of its objects."""
