"""Rows 25 to 31: replies that are no replies, far too large, or contradict themselves."""

from __future__ import annotations

import asyncio
import resource
from itertools import product
from typing import Any, Final

import pytest

from binance_papi import Canceled, PapiError, UnknownOutcomeError
from binance_papi.simulator import NASTIES, nasty
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

NOTHING: Final = "nothing can be read from it"
TRUE: Final = "it is the true reply"

BODIES: Final = {
    "200_html": NOTHING,
    "200_empty": NOTHING,
    "200_half": NOTHING,
    "200_garbage": NOTHING,
    "200_bad_utf8": NOTHING,
    "200_bom": TRUE,
    "200_as_html": TRUE,
    "200_as_nothing": TRUE,
    "200_and_more": NOTHING,
}

FLOODS: Final = (
    "body_100_mb",
    "body_100_mb_announced",
    "body_endless",
    "gzip_bomb",
    "gzip_members",
    "gzip_broken",
    "brotli_unasked",
    "zstd_unasked",
)

HEADERS: Final = (
    "headers_100000",
    "header_1_mb",
    "header_control",
    "header_nul",
    "weight_twice",
    "weight_negative",
    "weight_huge",
    "weight_text",
)

NUMBERS: Final = ("id_2_63", "id_2_64", "id_5000_digits", "id_1e3", "id_nan", "nested")


async def survived(stage: Stage, family: Any, name: str, **settings: Any) -> tuple[Scene, Any]:
    """A nasty reply to the first cancel: the order is cancelled, and that is known."""
    fault = nasty(name, method="DELETE", path=PATHS[family], times=1)
    settings.setdefault("algo_cancel_reply", "order")
    async with stage.scene(family, faults=[fault], **settings) as scene:
        outcome = await scene.one()
        assert isinstance(outcome, Canceled), (name, family, outcome)
        assert outcome.by == "us", (name, family, outcome)
        assert len(scene.cancels(outcome)) <= 4
    return scene, outcome


async def resolved(stage: Stage, family: Any, name: str) -> None:
    """The reply proves nothing, so a query does."""
    _, outcome = await survived(stage, family, name)
    assert outcome.queries >= 1, (name, family, outcome)


async def test_row_25_bodies_that_are_no_reply(stage: Stage) -> None:
    """The JSON decides, not the content type; what can't be read proves nothing."""

    async def one(family: Any, name: str) -> None:
        if BODIES[name] is NOTHING:
            await resolved(stage, family, name)
        else:
            await survived(stage, family, name)

    await together(one(*case) for case in product(FAMILIES, BODIES))


async def test_row_25_a_success_that_is_none(stage: Stage) -> None:
    """Unreadable replies to everything: never called cancelled, and nothing crashes."""

    async def one(family: Any, name: str) -> None:
        fault = nasty(name, path=PATHS[family].rpartition("/")[0])
        async with stage.scene(family, faults=[fault], grace=0.1) as scene:
            outcome = await scene.one(deadline=1.0)
            assert type(outcome).__name__ == "Unknown", (name, family, outcome)
            error = await scene.call(scene.papi.send(outcome.request))
            assert isinstance(error, UnknownOutcomeError)

    names = ("200_html", "200_empty", "200_half", "200_bad_utf8")
    await together(one(*case) for case in product(FAMILIES, names))


@pytest.mark.parametrize("name", FLOODS)
async def test_row_26_floods(stage: Stage, name: str) -> None:
    """No more than 1 MiB is read; memory and loop stay as they were."""
    NASTIES[name]  # what is built once is built now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for family in FAMILIES:
        await resolved(stage, family, name)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # The exchange that sends the flood lives in this process too, and holds its own copy.
    assert grown < 100 * 1024, f"{grown} kB more memory"


@pytest.mark.parametrize("name", HEADERS)
async def test_row_27_headers(stage: Stage, name: str) -> None:
    """Headers that can't be believed are not; none of them reaches the caller."""
    await together(survived(stage, family, name) for family in FAMILIES)


async def test_row_28_duplicate_keys(stage: Stage) -> None:
    """What is said twice counts for nothing; a `code` counts only where replies have one."""
    await together(resolved(stage, family, "id_twice") for family in FAMILIES)
    await resolved(stage, "um_algo", "code_twice")
    await together(survived(stage, family, "code_twice") for family in FAMILIES)


async def test_row_29_unknown_status(stage: Stage) -> None:
    """A word that is new, or not an end, proves nothing."""
    names = ("status_new_word", "status_triggering")
    await together(resolved(stage, *case) for case in product(FAMILIES, names))


async def test_row_30_fields_extra_missing_null(stage: Stage) -> None:
    """What is missing is asked for; what is too much is passed over."""
    doubtful = ("status_missing", "status_null", "status_number", "id_other")
    certain = ("field_extra", "id_text")
    either = ("id_missing", "id_null")
    await together(resolved(stage, *case) for case in product(FAMILIES, doubtful))
    await together(survived(stage, *case) for case in product(FAMILIES, (*certain, *either)))


async def test_row_30_the_id_of_another_order(stage: Stage) -> None:
    """It is no evidence, and the outcome says that something contradicted."""

    async def one(family: Any) -> None:
        _, outcome = await survived(stage, family, "id_other")
        assert outcome.inconsistent
        assert outcome.queries >= 1

    await together(one(family) for family in FAMILIES)


async def test_row_31_numbers_and_depth(stage: Stage) -> None:
    """Numbers that are none, or too large, and depth without end."""
    await together(resolved(stage, *case) for case in product(FAMILIES, NUMBERS))


async def test_row_31_a_single_call(stage: Stage) -> None:
    """The same by a single call: a typed error, never another exception."""

    async def one(family: Any, name: str) -> None:
        fault = nasty(name, method="DELETE", path=PATHS[family], times=1)
        async with stage.scene(family, faults=[fault], algo_cancel_reply="order") as scene:
            (order,) = scene.seed()
            error = await scene.call(scene.papi.send(scene.cancel(order)))
            assert isinstance(error, UnknownOutcomeError), (name, family, error)

    # 1e3 is a whole number, though not the one of this order: a burst compares, see above.
    names = [name for name in NUMBERS if name != "id_1e3"]
    await together(one(*case) for case in product(FAMILIES, names))


_DEAR: Final = (*FLOODS, "headers_100000", "header_1_mb")


async def test_every_nasty_reply_to_a_single_call(stage: Stage) -> None:
    """Each is a typed reply or a typed error, and the traceback of none shows a secret."""

    async def one(family: Any, name: str) -> None:
        patient = {"delay": 0.6} if name == "late_200" else {}
        fault = nasty(name, method="DELETE", times=1, **patient)
        settings = {"timeout": 0.4, "max_wait": 0.0}
        async with stage.scene(family, faults=[fault], bans=True, client=settings) as scene:
            (order,) = scene.seed()
            told = await scene.call(scene.papi.send(scene.cancel(order)))
            assert isinstance(told, PapiError) or not isinstance(told, BaseException), (name, told)

    names = [name for name in NASTIES if name not in _DEAR]
    await together(one("um_conditional", name) for name in names)


async def test_row_26_the_loop_goes_on(stage: Stage) -> None:
    """While a flood is read, others have their turns."""
    loop = asyncio.get_running_loop()
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            worst = max(worst, loop.time() - before - 0.005)

    watcher = asyncio.create_task(watch())
    await resolved(stage, "um_conditional", "body_endless")
    watcher.cancel()
    await asyncio.wait({watcher})
    assert worst < 0.25, f"the loop stood still for {worst:.3f} s"
