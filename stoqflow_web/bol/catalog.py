"""Titles and pictures of products, by EAN."""

from .record import Record


class AttributeValue(Record, frozen=True, kw_only=True):
    """One value of an attribute, as text."""

    value: str = ""
    unit_id: str | None = None
    value_id: str | None = None


class Attribute(Record, frozen=True, kw_only=True):
    """A named property of a product."""

    id: str
    values: tuple[AttributeValue, ...] = ()


class Party(Record, frozen=True, kw_only=True):
    """Someone connected with a product, for example in the role BRAND."""

    name: str = ""
    type: str = ""
    role: str = ""


class CatalogProduct(Record, frozen=True, kw_only=True):
    """What bol's catalog knows of one EAN."""

    published: bool = False
    attributes: tuple[Attribute, ...] = ()
    parties: tuple[Party, ...] = ()

    @property
    def title(self) -> str:
        """The attribute `Name`; an empty text when the catalog has none."""
        return self.attribute("Name")

    @property
    def description(self) -> str:
        return self.attribute("Description")

    @property
    def brand(self) -> str:
        return next((party.name for party in self.parties if party.role == "BRAND"), "")

    def attribute(self, name: str) -> str:
        """The first value of an attribute, an empty text when it is not there."""
        for attribute in self.attributes:
            if attribute.id == name and attribute.values:
                return attribute.values[0].value
        return ""


class Variant(Record, frozen=True, kw_only=True):
    """One size of a picture; width and height in pixels."""

    url: str
    size: str = ""
    width: int | None = None
    height: int | None = None
    mime_type: str = ""


class Asset(Record, frozen=True, kw_only=True):
    """One picture in several sizes."""

    usage: str = ""
    order: int = 0
    variants: tuple[Variant, ...] = ()

    def url(self, size: str = "medium") -> str | None:
        """The address of this size, else of any, else None."""
        found = [variant.url for variant in self.variants if variant.size == size]
        return next(iter(found or [variant.url for variant in self.variants]), None)


class AssetList(Record, frozen=True, kw_only=True):
    """All pictures of a product."""

    assets: tuple[Asset, ...] = ()
