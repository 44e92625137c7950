from .conditions import Conditions
from .core import Core
from .properties import Properties
from .queries import Queries
from .sources import Sources
from .values import Values


class Generator(Core, Values, Conditions, Sources, Queries, Properties):
    pass
