"""Which test plays which row of the acceptance table; no row is forgotten."""

from __future__ import annotations

import base64
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults import canary

ROWS: Final = {
    1: "test_faults_connect:test_row_01_no_such_name",
    2: "test_faults_connect:test_row_02_refused_and_black_hole",
    3: "test_faults_connect:test_row_03_tls_that_can_not_be_trusted",
    4: "test_faults_connect:test_row_04_the_environment_is_ignored",
    5: "test_faults_connect:test_row_05_a_thousand_wait_while_nothing_connects",
    6: "test_faults_broken:test_row_06_reset_before_the_request_was_read",
    7: "test_faults_broken:test_row_07_closed_after_reading_executed",
    8: "test_faults_broken:test_row_08_closed_after_reading_not_executed",
    9: "test_faults_broken:test_row_09_reset_in_headers_or_body",
    10: "test_faults_broken:test_row_10_no_reply",
    11: "test_faults_broken:test_row_11_a_reply_that_drips",
    12: "test_faults_broken:test_row_12_a_reply_after_our_timeout",
    13: "test_faults_broken:test_row_13_the_keep_alive_race",
    14: "test_faults_broken:test_row_14_a_burst_of_five_times_the_pool",
    15: "test_faults_limits:test_row_15_429_with_retry_after",
    16: "test_faults_limits:test_row_16_429_with_an_odd_retry_after",
    17: "test_faults_limits:test_row_17_a_storm_of_429",
    18: "test_faults_limits:test_row_18_banned",
    19: "test_faults_limits:test_row_19_the_firewall",
    20: "test_faults_replies:test_row_20_503_unknown_error",
    21: "test_faults_replies:test_row_21_503_service_unavailable_twice",
    22: "test_faults_replies:test_row_22_overloaded_for_long",
    23: "test_faults_replies:test_row_23_other_5xx",
    24: "test_faults_replies:test_row_24_codes_that_may_have_happened",
    25: "test_faults_hostile:test_row_25_bodies_that_are_no_reply",
    26: "test_faults_hostile:test_row_26_floods",
    27: "test_faults_hostile:test_row_27_headers",
    28: "test_faults_hostile:test_row_28_duplicate_keys",
    29: "test_faults_hostile:test_row_29_unknown_status",
    30: "test_faults_hostile:test_row_30_fields_extra_missing_null",
    31: "test_faults_hostile:test_row_31_numbers_and_depth",
    32: "test_faults_clock:test_row_32_1021",
    33: "test_faults_clock:test_row_33_the_exchange_clock_jumps",
    34: "test_faults_limits:test_row_34_1003_with_any_status",
    35: "test_faults_limits:test_row_35_too_many_orders",
    36: "test_faults_evidence:test_row_36_really_gone",
    37: "test_faults_evidence:test_row_37_gone_by_our_own_lost_cancel",
    38: "test_faults_evidence:test_row_38_open_but_forgotten",
    39: "test_faults_evidence:test_row_39_placement_still_under_way",
    40: "test_faults_evidence:test_row_40_triggering_then_triggered",
    41: "test_faults_evidence:test_row_41_history_knows_what_the_query_does_not",
    42: "test_faults_refusals:test_row_42_the_key_is_refused",
    43: "test_faults_refusals:test_row_43_the_path_is_gone",
    44: "test_faults_refusals:test_row_44_redirects",
    45: "test_faults_refusals:test_row_45_odd_characters",
    46: "test_faults_ends:test_row_46_the_same_order_many_times",
    47: "test_faults_ends:test_row_47_the_caller_leaves_the_queue",
    48: "test_faults_ends:test_row_48_one_of_a_thousand_raises",
    49: "test_faults_ends:test_row_49_closed_in_the_middle_of_a_burst",
    50: "test_faults_clock:test_row_50_the_loop_stands_still",
    51: "test_faults_stream:test_row_51_the_stream_beside_the_reply",
    52: "test_faults_limits:test_row_52_headers_out_of_order",
    53: "test_faults_limits:test_row_53_a_window_ends_in_a_burst",
    54: "test_faults_limits:test_row_54_somebody_else_on_the_address",
    55: "test_faults_limits:test_row_55_an_endpoint_becomes_dearer",
    57: "test_faults_limits:test_row_57_cancels_before_queries",
    59: "test_faults_stream:test_row_59_canceled_then_triggered",
    60: "test_faults_ends:test_row_60_another_loop",
}
"""The first test of each row; more of the same row stand beside it."""

WAITING: Final = {
    56: "needs a budget that several processes share, which the client does not have yet",
    58: "is a matter of minutes, in virtual time: python -m tests.simulation --soak",
}
"""Rows without a test here, and why."""


def _module(name: str) -> Any:
    return import_module(f"tests.faults.{name}")


def test_every_row_has_its_test() -> None:
    """Rows 1 to 60, each once: played here, or waiting for a reason."""
    assert sorted([*ROWS, *WAITING]) == list(range(1, 61))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_test_that_is_there(row: int) -> None:
    """The number stands in the test's name, and its docstring says what it is about."""
    module, name = ROWS[row].split(":")
    test = getattr(_module(module), name)
    assert name.startswith(f"test_row_{row:02}_")
    assert test.__doc__


def test_no_test_plays_a_row_that_is_not_in_the_table() -> None:
    """Names of tests and table agree the other way round, too."""
    for path in Path(__file__).parent.glob("test_faults_*.py"):
        for name in dir(_module(path.stem)):
            if name.startswith("test_row_"):
                assert int(name[9:11]) in ROWS


@pytest.mark.parametrize("secret", [canary.KEY, canary.SECRET, "ab12" * 16])
def test_the_search_finds_what_it_is_for(secret: str) -> None:
    """Raw, hex, base64 wherever it stands, in frames, attributes and pickles."""
    signature = ["ab12" * 16]
    raw = secret.encode()
    hidden = [
        f"x{secret}y",
        raw.hex(),
        *(base64.b64encode(b"z" * n + raw + b"q").decode() for n in range(4)),
    ]
    for text in hidden:
        assert canary.leaks([("here", text)], signature), text
    assert canary.leaks(canary.shown(_raised(secret)), signature)
    assert canary.leaks(canary.shown({"a": [secret]}), signature)
    assert not canary.leaks(canary.shown(_raised("harmless")), signature)


def _raised(what: str) -> BaseException:
    def inner(held: str) -> None:
        assert held
        raise KeyError

    try:
        try:
            inner(what)
        except KeyError:
            raise ValueError from None  # the context is still there
    except ValueError as error:
        return error
    raise AssertionError
