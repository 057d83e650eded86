"""How pytest compares the notebooks of this folder with their stored outputs."""

import svg_tolerance

svg_tolerance.teach_nbval()
