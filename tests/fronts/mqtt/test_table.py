"""The topics in the README are those of the code."""

import re
from pathlib import Path

from wyoming_openspeakers.fronts.mqtt.table import render_topics

README = Path(__file__).parents[3] / "wyoming_openspeakers" / "fronts" / "mqtt" / "README.md"


def test_the_tables_in_the_readme() -> None:
    found = re.search(r"<!-- mqtt -->\n(.*?)<!-- /mqtt -->", README.read_text(), re.DOTALL)
    assert found and found[1].strip() == render_topics().strip(), "write render_topics() between the marks"
