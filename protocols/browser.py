"""A web page that calls: the words of the generic protocol, with what a page can and cannot be trusted with.

A page keeps no secret, so a single-use stream token in the path lets it in, and what it says of the caller is
not believed unless the site says that its pages are its own. docs/generic-protocol.md specifies the words.

Whether Opus is taken a page has to know before it begins, and its token is good for one socket. So it offers
subprotocols, best first, and speaks the one that it gets: `hatif.opus` is PCM from us and Opus packets to us.
"""

from typing import Annotated

from msgspec import Meta, structs

from protocols.base import Capabilities, Ending
from protocols.generic import GenericProtocol
from protocols.provider import Door, Grant, Options, Provider

__all__ = ["PROVIDER", "BrowserOptions"]

PCM, OPUS = "hatif.pcm", "hatif.opus"

BROWSER = Capabilities(
    name="browser", returns_marks_on_clear=True, hang_up=Ending.IN_BAND, subprotocols=(PCM,)
)
_WITH_OPUS = structs.replace(BROWSER, subprotocols=(OPUS, PCM))


class BrowserOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    believe_pages: Annotated[
        bool, Meta(description="true where only pages of the site's own can get a stream token")
    ] = False
    opus: Annotated[
        bool, Meta(description="true: pages may send Opus; needs PyAV, pip install 'hatif[media]'")
    ] = False


def _media(options: BrowserOptions, _grant: Grant) -> GenericProtocol:
    return GenericProtocol(
        _WITH_OPUS if options.opus else BROWSER,
        is_authenticated=True,  # the token's doing
        believes=options.believe_pages,
        takes_opus=options.opus,
    )


PROVIDER = Provider(
    capabilities=BROWSER,
    title="Web page",
    options=BrowserOptions,
    door=Door.TOKEN,
    media=_media,
)
