"""A web page that calls: the words of the generic protocol, with what a page can and cannot be trusted with.

A page keeps no secret, so a single-use stream token in the path lets it in, and what it says of the caller is
not believed unless the site says that its pages are its own. docs/generic-protocol.md specifies the words.
"""

from typing import Annotated

from msgspec import Meta

from protocols.base import Capabilities, Ending
from protocols.generic import GenericProtocol
from protocols.provider import Door, Grant, Options, Provider

__all__ = ["PROVIDER", "BrowserOptions"]

BROWSER = Capabilities(name="browser", returns_marks_on_clear=True, hang_up=Ending.IN_BAND)


class BrowserOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    believe_pages: Annotated[
        bool, Meta(description="true where only pages of the site's own can get a stream token")
    ] = False


def _media(options: BrowserOptions, _grant: Grant) -> GenericProtocol:
    return GenericProtocol(
        BROWSER, is_authenticated=True, believes=options.believe_pages
    )  # the token's doing


PROVIDER = Provider(
    capabilities=BROWSER,
    title="Web page",
    options=BrowserOptions,
    door=Door.TOKEN,
    media=_media,
)
