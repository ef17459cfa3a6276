"""Fills in titles and pictures from the marketplace's catalogue, a product at a time, at the pace it allows."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from stoqflow_web import clock
from stoqflow_web.exchange import AnswerNotUnderstood, AskedWrongly, ContentRecord, NotThere
from stoqflow_web.marketplace import Marketplace
from stoqflow_web.matching import plain
from stoqflow_web.models import ImportRun, Offer, Product
from stoqflow_web.models.imports import FETCHING
from stoqflow_web.services.import_problems import note
from stoqflow_web.services.import_work import Work
from stoqflow_web.services.product_words import add_product_words
from stoqflow_web.services.trouble import note_answer
from stoqflow_web.transaction import Transaction, reading

CHECK_AGAIN = timedelta(days=30)  # the catalogue changes slowly; bol's documentation advises to keep answers for days
BATCH = 50
TITLE_WIDTH = 500
MOST_FAULTS_OF_ONE = 3  # an answer that is nonsense three times over must not keep all other products waiting


UNKNOWN_TO_CATALOGUE = "unknown_to_catalogue"
ANSWER_NOT_UNDERSTOOD = "answer_not_understood"


@dataclass(frozen=True)
class Lacking:
    """A product to ask about, as it was when the batch was read."""

    id: int
    ean: str


def wants_content(shop_id: int) -> bool:
    """Whether any product offered in this shop lacks a title or a picture that was not looked for lately."""
    with reading() as session:
        return bool(session.scalar(select(exists().where(_lacks_content(shop_id)))))


def transfer_content(work: Work, marketplace: Marketplace) -> None:
    """Ask for every product of the shop that lacks something. Raises what the marketplace raises for passing faults.

    What was asked carries its date, and the run its cursor, so a run that goes on after a kill asks nothing twice.
    """
    with reading() as session:
        run = session.get_one(ImportRun, work.run_id)
        after = int(run.cursor or 0)
        done = run.done if run.phase == FETCHING else 0
        left = session.scalar(select(func.count()).where(_lacks_content(work.shop_id), Product.id > after)) or 0
    work.begin_phase(FETCHING, total=done + left)
    while batch := _next_lacking(work.shop_id, after):
        for lacking in batch:
            _ask(work, marketplace, lacking)
        after = batch[-1].id


def _lacks_content(shop_id: int) -> ColumnElement[bool]:
    return and_(
        Product.ean_normalised.is_not(None),
        or_(Product.title.is_(None), Product.image_url.is_(None)),
        or_(Product.content_checked_at.is_(None), Product.content_checked_at < clock.now() - CHECK_AGAIN),
        exists().where(Offer.product_id == Product.id, Offer.shop_id == shop_id),
    )


def _next_lacking(shop_id: int, after: int) -> list[Lacking]:
    with reading() as session:
        rows = session.execute(
            select(Product.id, Product.ean_normalised)
            .where(_lacks_content(shop_id), Product.id > after)
            .order_by(Product.id)
            .limit(BATCH)
        )
        return [Lacking(product_id, ean) for product_id, ean in rows if ean]


def _ask(work: Work, marketplace: Marketplace, lacking: Lacking) -> None:
    content, code, why = None, UNKNOWN_TO_CATALOGUE, None
    try:
        content = marketplace.content(lacking.ean)
    except (NotThere, AskedWrongly):  # an EAN that can't be one is refused instead of not found
        pass
    except AnswerNotUnderstood as fault:
        if not _has_failed_too_often(work):
            raise
        code, why = ANSWER_NOT_UNDERSTOOD, fault.sentence
    with work.step() as (tx, run):
        product = tx.session.get(Product, lacking.id, with_for_update=True, populate_existing=True)
        if product is not None:
            product.content_checked_at = clock.now()
            if content is not None:
                _take_in(tx, run, product, content)
            else:
                note(tx, run, code, product.sku, ean=product.ean, product_sku=product.sku, title=product.title, why=why)
        run.cursor = str(lacking.id)
        run.done += 1
        run.total = max(run.total or 0, run.done)
        note_answer(tx, run)


def _has_failed_too_often(work: Work) -> bool:
    """Faults in a row are faults with this very product: any good answer sets them back."""
    with reading() as session:
        return session.get_one(ImportRun, work.run_id).faults >= MOST_FAULTS_OF_ONE


def _take_in(tx: Transaction, run: ImportRun, product: Product, content: ContentRecord) -> None:
    if _fill_in(product, content):
        run.count_new += 1
        add_product_words(tx, [product])
    else:
        run.count_unchanged += 1


def _fill_in(product: Product, content: ContentRecord) -> bool:
    """Give the product what it lacks and the catalogue knows; whether that was anything."""
    title = None if product.title else plain(content.title)[:TITLE_WIDTH]
    image_url = None if product.image_url else plain(content.image_url)
    if title:
        product.title = title
    if image_url and image_url.startswith(("https://", "http://")):
        product.image_url = image_url
        return True
    return bool(title)
