"""A licence as the Hub spells it: its own id where it has one, `other` with a name and a link elsewhere."""

import re
from typing import Final

from camera_motion.cards.markdown import is_url

#: The Hub's ids that data may bear (docs: repositories-licenses).
_HUB: Final = frozenset(
    re.findall(
        r"\S+",
        """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc-by-2.0
    cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
    cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2
    gfdl gpl-2.0 gpl-3.0 isc lgpl-2.1 lgpl-3.0 mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 osl-3.0 pddl postgresql
    unlicense wtfpl zlib
    """,
    )
)
#: SPDX ids that the Hub writes without their version.
_SHORT: Final = {"odbl-1.0": "odbl", "odc-by-1.0": "odc-by", "pddl-1.0": "pddl", "c-uda-1.0": "c-uda"}
#: Where the licences of data are to be read.
_CC: Final = re.compile(r"cc-(by(?:-nc)?(?:-sa|-nd)?)-(\d\.\d)")


def hub_licence(licence: str, licence_file: str = "") -> dict[str, str]:
    """Give the fields of a card's YAML for a licence, an SPDX id or any other words.

    >>> hub_licence("CC-BY-4.0")
    {'license': 'cc-by-4.0'}

    `licence_file` names a file in the repository with the text of a licence that the Hub does not know.
    """
    spdx = re.sub(r"-(only|or-later)$", "", licence.strip().lower())
    spdx = _SHORT.get(spdx, spdx)
    if spdx in _HUB:
        return {"license": spdx}
    name = re.sub(r"[^a-z0-9.]+", "-", re.sub(r"https?://\S+", "", licence.lower())).strip("-.")
    fields = {"license": "other", "license_name": name[:96] or "see-link"}
    url = next((word for word in licence.split() if is_url(word)), licence_file)
    return fields | ({"license_link": url} if url else {})


def licence_url(licence: str) -> str:
    """Give the address of a well-known licence's text, or ""."""
    spdx = licence.strip().lower()
    if spdx == "cc0-1.0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if found := _CC.fullmatch(spdx):
        return f"https://creativecommons.org/licenses/{found[1]}/{found[2]}/"
    return f"https://spdx.org/licenses/{licence.strip()}.html" if spdx in _HUB | _SHORT.keys() else ""
