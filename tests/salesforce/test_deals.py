from __future__ import annotations

import pytest

from sfsync.salesforce.deals import parse_deal

STAMP = "2026-03-02T09:00:00.000+0000"
DEAL = {
    "Id": "006000000000001AAA",
    "Name": "Spring order",
    "StageName": "Closed Won",
    "IsWon": True,
    "IsClosed": True,
    "IsDeleted": False,
    "CloseDate": "2026-03-01",
    "CreatedDate": STAMP,
    "SystemModstamp": STAMP,
}
LINE = {"Id": "00k000000000001AAA", "Quantity": 1, "IsDeleted": False, "SystemModstamp": STAMP}


def test_lines_in_the_recycle_bin_are_no_lines_of_the_deal() -> None:
    deal = parse_deal(DEAL, [LINE, LINE | {"Id": "00k000000000002AAA", "IsDeleted": True}])

    assert [line.sf_id for line in deal.lines] == ["00k000000000001AAA"]


def test_a_contract_that_cannot_be_seen_is_known_by_its_id_alone() -> None:
    contract = parse_deal(DEAL | {"ContractId": "800000000000001AAA", "Contract": None}, None).contract

    assert contract is not None
    assert (contract.sf_id, contract.number, contract.status_code) == ("800000000000001AAA", None, None)


@pytest.mark.parametrize("field", ["Id", "CloseDate", "SystemModstamp", "IsWon"])
def test_what_every_deal_has_is_never_read_as_null(field: str) -> None:
    with pytest.raises(ValueError, match=rf"Opportunity\.{field}"):
        parse_deal(DEAL | {field: None}, [])
