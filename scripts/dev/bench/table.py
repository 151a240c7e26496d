"""The table of a comparison, and the same as JSON."""
from __future__ import annotations

import json

from measure import Case, Group


def print_group(group: Group) -> None:
    reference = next((case for case in group.cases if case.median), None)
    title = f"{group.name} ({group.unit})"
    print(f"\n{title:<28}{'median':>12}{'lowest':>12}{'highest':>12}{'CPU us':>10}{'ratio':>9}")
    for case in group.cases:
        if case.median is None:
            print(f"  {case.name:<26}  not measured: {case.missing}")
            continue
        values = [figure.value for figure in case.figures]
        cells = "".join(f"{number(value):>12}" for value in (case.median, min(values), max(values)))
        cpu = "-" if case.cpu_us is None else number(case.cpu_us)
        ratio = f"{number(advantage(group, reference, case))}x"
        note = f"  then: {case.missing}" if case.missing else ""
        print(f"  {case.name:<26}{cells}{cpu:>10}{ratio:>9}{note}")
    if reference:
        print(f"  ratio: how many times better {reference.name} does than the row")


def advantage(group: Group, reference: Case, case: Case) -> float:
    better, other = reference.median, case.median
    return other / better if group.lower_is_better else better / other


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def as_json(groups: list[Group]) -> str:
    return json.dumps({
        group.name: {
            "unit": group.unit,
            "cases": {
                case.name: {
                    "median": case.median, "values": [figure.value for figure in case.figures],
                    "cpu_us": case.cpu_us, "missing": case.missing,
                } for case in group.cases
            },
        } for group in groups
    }, indent=2)
