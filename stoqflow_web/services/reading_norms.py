"""Reads how the marketplace measures a shop, for the weeks whose scores can still be news."""

from datetime import datetime

from sqlalchemy import delete, func, or_, select

from stoqflow_web import clock
from stoqflow_web.exchange import INDICATORS, AskedWrongly, IndicatorRecord, NotThere
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.models import PerformanceIndicator
from stoqflow_web.service_norms import Week, weeks_kept, weeks_to_ask
from stoqflow_web.transaction import reading, transaction

Told = dict[str, IndicatorRecord | None]


def read(shop_id: int, marketplace: Marketplace) -> bool:
    """Ask for each week's indicators and keep them, a week at a time; what is older than the kept weeks is forgotten.

    Always whole. Raises ExchangeError.
    """
    for week in weeks_to_ask(clock.now(), _asked(shop_id)):
        told = {name: _indicator(marketplace, name, week) for name in INDICATORS}
        _keep(shop_id, week, told)
    _forget_old(shop_id)
    return True


def _asked(shop_id: int) -> dict[Week, datetime]:
    with reading() as session:
        rows = session.execute(
            select(PerformanceIndicator.year, PerformanceIndicator.week, func.min(PerformanceIndicator.fetched_at))
            .where(PerformanceIndicator.shop_id == shop_id)
            .group_by(PerformanceIndicator.year, PerformanceIndicator.week)
        )
        return {Week(year, number): fetched_at for year, number, fetched_at in rows}


def _indicator(marketplace: Marketplace, name: str, week: Week) -> IndicatorRecord | None:
    """None also for what the marketplace does not measure of this seller, or not any more."""
    try:
        return marketplace.indicator(name, year=week.year, week=week.number)
    except (AskedWrongly, NotThere):
        return None


def _keep(shop_id: int, week: Week, told: Told) -> None:
    with transaction() as tx:
        of_week = (
            PerformanceIndicator.shop_id == shop_id,
            PerformanceIndicator.year == week.year,
            PerformanceIndicator.week == week.number,
        )
        here = {row.name: row for row in tx.session.scalars(select(PerformanceIndicator).where(*of_week))}
        for name, record in told.items():
            row = here.get(name) or PerformanceIndicator(
                shop_id=shop_id, name=name, year=week.year, week=week.number, is_share=True
            )
            tx.session.add(row)
            row.fetched_at = clock.now()
            if record is not None:
                row.is_share, row.norm_condition, row.norm_value = record.is_share, record.condition, record.norm
                row.numerator, row.denominator = record.numerator, record.denominator
                row.score, row.conforms = record.score, record.conforms


def _forget_old(shop_id: int) -> None:
    oldest = weeks_kept(clock.now())[-1]
    with transaction() as tx:
        is_older = or_(
            PerformanceIndicator.year < oldest.year,
            (PerformanceIndicator.year == oldest.year) & (PerformanceIndicator.week < oldest.number),
        )
        tx.session.execute(delete(PerformanceIndicator).where(PerformanceIndicator.shop_id == shop_id, is_older))
